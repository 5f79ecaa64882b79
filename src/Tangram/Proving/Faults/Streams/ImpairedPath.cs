using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Faults.Streams;

/// <summary>What lies between the gateway and one replica: nothing is done to it, then it is struck, then that is over.
/// Thread-safe.</summary>
internal sealed class ImpairedPath : IDisposable
{
    /// <summary>Timers count milliseconds: what is due sooner is due now.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(0.3);

    private readonly MonotonicClock _clock;
    private readonly ImpairmentSpec _spec;
    private readonly ImpairedStream _to, _from;
    private readonly Rng _rng;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _over = new();
    private volatile bool _struck;

    public ImpairedPath(FaultKind kind, ImpairmentSpec spec, Rng rng, StreamTally tally, TimeProvider time)
    {
        (Kind, _spec, _rng, Tally, _clock) = (kind, spec, rng, tally, new MonotonicClock(time));
        (_to, _from) = (new ImpairedStream(kind, spec, rng.Split()), new ImpairedStream(kind, spec, rng.Split()));
    }

    public FaultKind Kind { get; }
    public StreamTally Tally { get; }
    public bool InForce => _struck && !_over.IsCancellationRequested;
    public Instant Now => _clock.Now;
    public bool Resets => Kind == FaultKind.NetworkReset && InForce;

    public void Strike() => _struck = true;

    /// <summary>Nothing is held any longer.</summary>
    public void Lift() => _over.Cancel();

    /// <summary>A piece of it comes, and that way is struck.</summary>
    public bool Strikes(StreamDirection way) => InForce && _spec.Strikes(way);

    public Passage Pass(StreamDirection way, int bytes)
    {
        if (!Strikes(way)) return new Passage(Now);
        lock (_gate) return (way == StreamDirection.To ? _to : _from).Pass(bytes, Now);
    }

    public Instant LateUntil => Now + _spec.Delay;

    /// <summary>For one connection; null when answers are not what is struck.</summary>
    public ImpairedAnswers? NewAnswers()
    {
        if (Kind is not (FaultKind.AnswerSlow or FaultKind.AnswerWrong or FaultKind.AnswerHalf)) return null;
        lock (_gate) return new ImpairedAnswers(Kind, _spec, _rng.Split());
    }

    /// <summary>Waits for that moment, or until it is over. Null: only for that.</summary>
    public async ValueTask UntilAsync(Instant? due)
    {
        while (!_over.IsCancellationRequested)
        {
            var wait = due is { } known ? known - Now : Timeout.InfiniteTimeSpan;
            if (due is not null && wait <= Soon) return;
            if (due is not null) wait = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
            await Task.Delay(wait, _clock.Time, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _over.Dispose();
}
