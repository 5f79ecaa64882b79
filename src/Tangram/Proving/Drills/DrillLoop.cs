using System.Threading.Channels;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>Drives one drill: carries out what its machine wants, and tells it what happens.</summary>
internal sealed class DrillLoop(
    DrillMachine machine, LoadOptions load, TimeSpan steady, DrillSight sight, IFaultLine faults, Action<string> print,
    TimeProvider time)
{
    /// <summary>A moment of a drill that is seen by looking is known to this.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>A hypothesis that breaks is noticed within it.</summary>
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(100);

    private readonly Channel<DrillEvent> _events = Channel.CreateUnbounded<DrillEvent>();
    private readonly MonotonicClock _clock = new(time);
    private readonly CancellationTokenSource _over = new(), _enough = new();
    private readonly List<DrillMoment> _timeline = [];
    private readonly List<Task> _tasks = [];
    private DrillSighting _first = DrillSighting.Nobody, _last = DrillSighting.Nobody;

    public IReadOnlyList<DrillMoment> Timeline => _timeline;

    /// <summary>What gateways repeated while it ran; null when one of them began to count anew.</summary>
    public long? Retried => _last.Retries >= _first.Retries && _last.Answers ? _last.Retries - _first.Retries : null;

    /// <summary>Somebody wants it to end.</summary>
    public void Stop() => _events.Writer.TryWrite(new DrillEvent.Stopped());

    public async Task<DrillVerdict> RunAsync(DrillSighting seen)
    {
        _first = seen;
        faults.Follow(_events.Writer, () => machine.Faults.Where(f => !f.Over && !f.Waits).Select(f => f.Number));
        var effects = new List<DrillEffect>();
        machine.Begin(seen, _clock.Now, effects);
        Perform(effects);
        _tasks.Add(Task.Run(LookAsync));
        while (machine.Verdict is null)
        {
            var @event = await _events.Reader.ReadAsync().ConfigureAwait(false);
            if (@event is DrillEvent.Looked { Seen.Answers: true } looked) _last = looked.Seen;
            effects.Clear();
            machine.On(@event, _clock.Now, effects);
            Perform(effects);
        }
        await _enough.CancelAsync().ConfigureAwait(false);
        await _over.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_tasks).ConfigureAwait(false);
        _enough.Dispose();
        _over.Dispose();
        return machine.Verdict;
    }

    private void Perform(List<DrillEffect> effects)
    {
        foreach (var effect in effects)
            switch (effect)
            {
                case DrillEffect.Say say:
                    _timeline.Add(new DrillMoment(say.At, say.What));
                    print(DrillReport.Line(say.At, say.What));
                    break;
                case DrillEffect.StartSteady:
                    _tasks.Add(Task.Run(() => OfferAsync(load with { Duration = steady }, null,
                        result => new DrillEvent.SteadyEnded(result))));
                    break;
                case DrillEffect.StartLoad:
                    _tasks.Add(Task.Run(() => OfferAsync(load with { ReportEvery = ReportEvery },
                        new Moves(_events.Writer), result => new DrillEvent.LoadEnded(result))));
                    break;
                case DrillEffect.StopLoad: _enough.Cancel(); break;
                case DrillEffect.Inject inject: faults.Inject(inject, load); break;
                case DrillEffect.Revert revert: faults.Revert(revert.Fault); break;
            }
    }

    private async Task OfferAsync(LoadOptions options, IProgress<LoadProgress>? progress,
        Func<DrillLoad, DrillEvent> ended)
    {
        var asked = time.GetUtcNow();
        var result = await LoadRun.RunAsync(options, progress, time, _enough.Token).ConfigureAwait(false);
        // The generator warms up first.
        _events.Writer.TryWrite(ended(DrillLoad.Of(result, machine.Aim.LatencyP99, result.StartedAt - asked)));
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
            {
                var since = _clock.Now;
                _events.Writer.TryWrite(new DrillEvent.Looked(await sight.LookAsync().ConfigureAwait(false), since));
            }
        }
        catch (OperationCanceledException) { }
    }

    private sealed class Moves(ChannelWriter<DrillEvent> events) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => events.TryWrite(new DrillEvent.LoadMoved(value.Bad));
    }
}
