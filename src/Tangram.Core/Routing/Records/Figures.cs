using System.Collections.Concurrent;

namespace Tangram.Routing.Records;

/// <summary>A number that only grows, counted without a lock.</summary>
public sealed class Count
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);
    public void Add(long more = 1) => Interlocked.Add(ref _value, more);
}

/// <summary>What one gateway counts of one process that it sends requests to. It lives as long as
/// <see cref="BackendCounters"/>.</summary>
public sealed class BackendFigures
{
    /// <summary>By <see cref="AttemptOutcome"/>; null: it is no error of the backend's.</summary>
    public static readonly string?[] Errors = [null, null, "refused", "no-answer", "timed-out", "cut", null];

    /// <summary>By <see cref="EjectionCause"/>.</summary>
    public static readonly string[] Causes =
        ["refused", "no-answer", "failures-in-row", "gateway-errors", "error-rate", "success-rate", "latency"];

    private readonly long[] _errors = new long[Errors.Length];
    private readonly long[] _ejections = new long[Causes.Length];
    private long _changed;

    /// <summary>Attempts by the status of their answer.</summary>
    public CodeCounts Codes { get; } = new();
    public LatencyBuckets Latency { get; } = new();

    /// <summary>Attempts here that failed and were repeated elsewhere.</summary>
    public Count Retried { get; } = new();

    /// <summary>When it was ejected or came back last; null: never.</summary>
    public Model.Instant? Changed => Interlocked.Read(ref _changed) is var at and not 0 ? new(at) : null;

    public long ErrorsOf(int outcome) => Interlocked.Read(ref _errors[outcome]);
    public long EjectionsFor(int cause) => Interlocked.Read(ref _ejections[cause]);

    /// <summary>Those that got no answer or half of one, and those that were answered 5xx.</summary>
    public long Failures => Enumerable.Range(0, Errors.Length).Sum(i => Errors[i] is null ? 0 : ErrorsOf(i))
        + Codes.Errors;

    public void Ended(AttemptOutcome outcome, int status, TimeSpan? took)
    {
        if (outcome is AttemptOutcome.Answered or AttemptOutcome.ServerError)
        {
            Codes.Count(status);
            if (took is { } time) Latency.Count(time);
        }
        else
        {
            Interlocked.Increment(ref _errors[(int)outcome]);
        }
    }

    internal void Ejected(EjectionCause cause, Model.Instant now)
    {
        Interlocked.Increment(ref _ejections[(int)cause]);
        Interlocked.Exchange(ref _changed, now.Ticks);
    }

    internal void Back(Model.Instant now) => Interlocked.Exchange(ref _changed, now.Ticks);
}

/// <summary>Of one service, over all of its backends.</summary>
public sealed class ServiceFigures
{
    /// <summary>Requests by the status that the client got.</summary>
    public CodeCounts Codes { get; } = new();
    public LatencyBuckets Latency { get; } = new();
    public Count Retries { get; } = new();

    /// <summary>Retries that the budget did not allow.</summary>
    public Count RetriesRefused { get; } = new();

    /// <summary>Second attempts beside a first that had not ended, and those of them that answered first.</summary>
    public Count Hedges { get; } = new();
    public Count HedgesWon { get; } = new();

    /// <summary>Requests that no backend was asked for, by the gateway's word: breaker-open, no-backend, …</summary>
    public Words Refused { get; } = new();
}

/// <summary>Of one route. It outlives route tables.</summary>
public sealed class RouteFigures
{
    private int _inFlight;

    public CodeCounts Codes { get; } = new();
    public LatencyBuckets Latency { get; } = new();
    public Count RateLimited { get; } = new();
    public int InFlight => Volatile.Read(ref _inFlight);

    internal void Enter() => Interlocked.Increment(ref _inFlight);
    internal void Leave() => Interlocked.Decrement(ref _inFlight);
}

/// <summary>Of one gateway as a whole.</summary>
public sealed class GatewayFigures
{
    private int _inFlight;

    public CodeCounts Codes { get; } = new();
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Answers that are the gateway's own, by its word: no-route, rate-limit, …</summary>
    public Words Replies { get; } = new();
    public Count Handshakes { get; } = new();
    public Count FailedHandshakes { get; } = new();

    /// <summary>Lines of the access log, and those for which there was no room or no file.</summary>
    public Count Lines { get; } = new();
    public Count DroppedLines { get; } = new();

    internal void Enter() => Interlocked.Increment(ref _inFlight);
    internal void Leave() => Interlocked.Decrement(ref _inFlight);
}

/// <summary>Counts by word. The words are constants of the program, so there are few.</summary>
public sealed class Words
{
    private readonly ConcurrentDictionary<string, Count> _counts = new(StringComparer.Ordinal);

    public void Add(string word) => _counts.GetOrAdd(word, static _ => new Count()).Add();

    /// <summary>Sorted by word.</summary>
    public IEnumerable<(string Word, long Count)> All() =>
        _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value.Value));
}
