using System.Collections.Immutable;
using Tangram.Model;
using Tangram.Routing.Records;

namespace Tangram.Routing;

/// <summary>A service and the backends that serve it now, sorted by replica.</summary>
public sealed record RoutedService
{
    public required ServiceName Name { get; init; }
    public BalancePolicy Balance { get; init; }
    public TrafficSpec Traffic { get; init; } = new();
    public ImmutableArray<Backend> Backends { get; init; } = [];
    public required ServiceCounters Counters { get; init; }

    /// <summary>Of <see cref="BalancePolicy.Hash"/>; its indexes are those of <see cref="Backends"/>.</summary>
    public Maglev? Maglev { get; init; }

    /// <summary>Null: zones make no difference.</summary>
    public ZoneSides? Zones { get; init; }

    /// <summary>Null: clients do not stay with a replica.</summary>
    public StickyCookies? Sticky { get; init; }
}

/// <summary>Leaf counters of one service in this gateway, carried from one route table to the next.</summary>
public sealed class ServiceCounters
{
    /// <summary>Retries in flight may be nearly a fifth of the other requests in flight, so that a service that fails
    /// as a whole gets 1.2 times its load and no more, also where the load varies. The floor lets a quiet service
    /// repeat everything that one dead backend held.</summary>
    public const double RetryShare = 0.18;
    public const int LeastRetries = 16;

    private int _active;
    private int _retries;
    private int _cursor;
    private int _panic;
    private long _appraised;

    public int Active => Volatile.Read(ref _active);
    public int Retries => Volatile.Read(ref _retries);

    public void Enter() => Interlocked.Increment(ref _active);
    public void Leave() => Interlocked.Decrement(ref _active);

    /// <summary>False when the retry budget is used up. After true, <see cref="EndRetry"/> must follow.</summary>
    public bool TryStartRetry()
    {
        var retries = Interlocked.Increment(ref _retries);
        if (retries <= Math.Max(LeastRetries, (int)((Active - retries) * RetryShare))) return true;
        Interlocked.Decrement(ref _retries);
        Figures.RetriesRefused.Add();
        return false;
    }

    public void EndRetry() => Interlocked.Decrement(ref _retries);

    public ServiceBreaker Breaker { get; } = new();
    public ZoneMemory Zones { get; } = new();
    public DegradeCounters Degrade { get; } = new();

    /// <summary>What is told to others.</summary>
    public ServiceFigures Figures { get; } = new();

    /// <summary>Null: every request is let in.</summary>
    public Admission? Admission { get; private set; }

    /// <summary>What the file says of admission. Only the one who makes route tables calls it.</summary>
    internal void Admit(AdmissionSpec? spec, int backends)
    {
        if (spec is null) Admission = null;
        else if (Admission is { } known) known.Use(spec, backends);
        else Admission = new Admission(spec, backends);
    }

    /// <summary>Null: no request is sent twice before it has failed.</summary>
    public Hedging? Hedging { get; private set; }

    /// <summary>What the file says of hedging. Only the one who makes route tables calls it.</summary>
    internal void Hedge(HedgeSpec? spec)
    {
        if (spec != Hedging?.Spec) Hedging = spec is null ? null : new Hedging(spec);
    }

    /// <summary>More than half of the backends that take connections are ejected: they are used all the same, since
    /// the others could not bear their load. Written by the <see cref="Appraisal"/> alone.</summary>
    public bool Panic
    {
        get => Volatile.Read(ref _panic) != 0;
        internal set => Volatile.Write(ref _panic, value ? 1 : 0);
    }

    /// <summary>Since the last <see cref="Appraisal"/>; null before the first.</summary>
    internal TimeSpan? SinceAppraisal(Instant now)
    {
        var before = _appraised;
        _appraised = now.Ticks;
        return before == 0 ? null : now - new Instant(before);
    }

    internal uint Turn() => (uint)Interlocked.Increment(ref _cursor);
}
