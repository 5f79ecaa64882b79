using System.Threading.Channels;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The shell's pump around one machine: hands it events one at a time and carries out its effects in order.
/// Store calls run beside the loop and come back as events.</summary>
/// <param name="perform">Carries out what is not a store call. Called on the loop; must not block for long.</param>
internal sealed class MachineLoop(IMachine machine, IStore store, MonotonicClock clock, Action<Effect> perform)
{
    /// <summary>More than a cluster on one machine makes in a second. When it is full the poster waits.</summary>
    private const int MostEvents = 8192;

    /// <summary>Who ends does not wait longer for a store that is silent: a lease ends by itself, too.</summary>
    private static readonly TimeSpan FinishWithin = TimeSpan.FromSeconds(1);

    private readonly Channel<Event> _events = Channel.CreateBounded<Event>(
        new BoundedChannelOptions(MostEvents) { SingleReader = true });
    private readonly HashSet<Task> _calls = [];
    private readonly List<Effect> _effects = [];
    private ClusterState? _waiting;
    private long _newest = -1;

    /// <summary>There is a state to look at.</summary>
    private sealed record Wake : Event;

    /// <summary>Drops what does not fit: a heartbeat or a tick is followed by another. Of states only the newest waits:
    /// in a large cluster they come faster than a machine can follow one by one.</summary>
    public void Post(Event @event)
    {
        if (@event is Event.StateChanged changed)
        {
            if (Interlocked.Exchange(ref _waiting, changed.State) is not null) return;
            @event = new Wake();
        }
        _events.Writer.TryWrite(@event);
    }

    /// <summary>Waits for room: nothing that happened to a process may be lost.</summary>
    public ValueTask PostAsync(Event @event, CancellationToken cancellation) =>
        _events.Writer.WriteAsync(@event, cancellation);

    /// <summary>Runs until cancelled. A machine that breaks an invariant throws out of here, and the process
    /// ends.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ticks = clock.Time.CreateTimer(_ => Post(new Event.Tick()), null, TimeSpan.Zero, Event.Tick.Every);
        try
        {
            await foreach (var @event in _events.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                // With every event, because a full queue may have dropped the one that says so.
                if (Interlocked.Exchange(ref _waiting, null) is { } state)
                    Step(new Event.StateChanged(state), cancellation);
                if (@event is not Wake) Step(@event, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        await Task.WhenAll(_calls).ConfigureAwait(false);
    }

    /// <summary>Lets the machine say its last effects, such as giving up its lease, after the loop has ended.</summary>
    public async Task FinishAsync(Action<List<Effect>> last)
    {
        _effects.Clear();
        last(_effects);
        using var patience = new CancellationTokenSource(FinishWithin, clock.Time);
        try
        {
            foreach (var effect in _effects)
                if (effect is Effect.Revoke revoke)
                    await store.RevokeAsync(revoke.Lease, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
        }
    }

    private void Step(Event @event, CancellationToken cancellation)
    {
        if (@event is Event.StateChanged changed)
        {
            // A recalled state's revision may be higher than the store's, whose word counts all the same.
            if (!changed.State.Recalled && changed.State.Revision <= _newest) return;
            _newest = changed.State.Recalled ? -1 : changed.State.Revision;
        }
        _effects.Clear();
        // Before the calls below begin: a deadline counted from later would be later than the store's.
        var sent = clock.Now;
        machine.On(@event, sent, _effects);
        foreach (var effect in _effects)
        {
            var call = effect switch
            {
                Effect.Commit e => CommitAsync(e, cancellation),
                Effect.Grant e => LeaseAsync(e.Request, sent, store.GrantAsync(e.Ttl, cancellation), cancellation),
                Effect.KeepAlive e =>
                    LeaseAsync(e.Request, sent, store.KeepAliveAsync(e.Lease, cancellation), cancellation),
                _ => null,
            };
            if (call is null) perform(effect);
            else Own(call);
        }
    }

    private void Own(Task call)
    {
        _calls.RemoveWhere(c => c.IsCompletedSuccessfully || c.IsCanceled);
        _calls.Add(call);
    }

    private async Task CommitAsync(Effect.Commit commit, CancellationToken cancellation)
    {
        try
        {
            var answer = await store.CommitAsync(commit.Txn, cancellation).ConfigureAwait(false);
            await PostAsync(new Event.Committed(commit.Request, answer), cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    private async Task LeaseAsync(long request, Instant sent, Task<LeaseAnswer> call, CancellationToken cancellation)
    {
        try
        {
            var answer = await call.ConfigureAwait(false);
            await PostAsync(new Event.Leased(request, answer, sent), cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }
}
