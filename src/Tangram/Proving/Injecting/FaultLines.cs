using System.Threading.Channels;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Injecting;

/// <summary>The lines to all injectors of a drill. What strikes no machine, such as more traffic, is held beside the
/// drill as ever.</summary>
internal sealed class FaultLines(IReadOnlyList<InjectorLine> machines, FaultLine local) : IFaultLine
{
    private readonly Dictionary<string, InjectorLine> _machines = machines.ToDictionary(m => m.Machine.Name);
    private readonly Dictionary<int, SharedFault> _shared = [];
    private readonly Lock _gate = new();
    private Task _reading = Task.CompletedTask;

    public void Follow(ChannelWriter<DrillEvent> events, Func<IEnumerable<int>> open)
    {
        local.Follow(events, () => open().Where(fault => Of(fault) is null));
        _reading = Task.WhenAll(machines.Select(line => Task.Run(() => ReadAsync(line, events))));
    }

    public void Inject(DrillEffect.Inject inject, LoadOptions load)
    {
        if (inject.Target.Machines.Count == 0)
        {
            local.Inject(inject, load);
            return;
        }
        lock (_gate)
            _shared[inject.Fault] = new SharedFault(inject.Fault, [.. inject.Target.Machines], inject.Spec.Form.Lasts);
        var order = FaultLine.Order(inject, load);
        foreach (var name in inject.Target.Machines)
        {
            var node = _machines[name].Machine.Node;
            _machines[name].Send(order with
            {
                Replicas = [.. order.Replicas.Where(r => r.Node == node)],
                // Or we could not tell it when it is over.
                Link = order.Link is { } link ? link with { Except = [_machines[name].Port] } : null,
            });
        }
    }

    public void Revert(int fault)
    {
        if (Of(fault) is not { } shared) local.Revert(fault);
        else foreach (var name in shared.Machines) _machines[name].Send(FaultLine.Ended(fault));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(machines.Select(line => line.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        await local.DisposeAsync().ConfigureAwait(false);
    }

    private SharedFault? Of(int fault)
    {
        lock (_gate) return _shared.GetValueOrDefault(fault);
    }

    private async Task ReadAsync(InjectorLine line, ChannelWriter<DrillEvent> events)
    {
        await foreach (var answer in line.Answers.ReadAllAsync().ConfigureAwait(false))
            Tell(line, answer.Number, answer.Word switch
            {
                FaultWord.Injected => ShareWord.Injected,
                FaultWord.Reverted => ShareWord.Reverted,
                _ => ShareWord.Missed,
            }, answer.What, events);
        int[] open;
        lock (_gate) open = [.. _shared.Where(f => !f.Value.Over).Select(f => f.Key).Order()];
        foreach (var fault in open)
            Tell(line, fault, ShareWord.Missed, "whoever held it is gone", events);
    }

    private void Tell(InjectorLine line, int fault, ShareWord word, string what, ChannelWriter<DrillEvent> events)
    {
        var revert = new List<string>();
        lock (_gate)
        {
            if (!_shared.TryGetValue(fault, out var shared)) return;
            foreach (var told in shared.On(line.Machine.Name, word, what, revert)) events.TryWrite(told);
        }
        foreach (var name in revert) _machines[name].Send(FaultLine.Ended(fault));
    }
}
