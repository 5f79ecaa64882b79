using System.Text.Json.Serialization;

namespace Tangram.Model;

/// <summary>By which a gateway chooses a backend.</summary>
public enum BalancePolicy
{
    /// <summary>Of two at random the one with fewer requests in flight.</summary>
    LeastRequests,
    /// <summary>In turn, by weight.</summary>
    RoundRobin,
    /// <summary>Of two at random the one where a request has less to wait for.</summary>
    PeakEwma,
    /// <summary>By a key of the request: <see cref="TrafficSpec.Hash"/>.</summary>
    Hash,
    /// <summary>The first that is well, in the order of replicas; the others are its backup.</summary>
    First,
}

/// <summary>How gateways treat a service, beside the policy by which they choose.</summary>
public sealed record TrafficSpec
{
    /// <summary>Of <see cref="BalancePolicy.Hash"/>.</summary>
    public HashSpec? Hash { get; init; }

    /// <summary>The cookie by which a client stays with its replica. Null: it does not.</summary>
    public string? Sticky { get; init; }

    /// <summary>How long a backend that is new or back takes to get its whole share; zero: none.</summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(5);
    public BreakerSpec Breaker { get; init; } = new();

    /// <summary>A gateway does not prefer the backends of its own zone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ZoneBlind { get; init; }

    /// <summary>Null: a slow zone is no reason, and without a backend the answer is 503.</summary>
    public DegradeSpec? Degrade { get; init; }

    /// <summary>A key or an order decides otherwise, whatever the zone.</summary>
    public static bool HeedsZones(BalancePolicy policy) =>
        policy is BalancePolicy.PeakEwma or BalancePolicy.LeastRequests or BalancePolicy.RoundRobin;

    /// <summary>Null: every request is let in.</summary>
    public AdmissionSpec? Admission { get; init; }

    /// <summary>Null: another backend is asked only when one has failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HedgeSpec? Hedge { get; init; }
}

/// <summary>What clients get instead while a service is not as it should be: first other zones, then another service,
/// then an old answer, then a fixed one.</summary>
public sealed record DegradeSpec
{
    public static readonly TimeSpan UsualLatency = TimeSpan.FromMilliseconds(500);

    /// <summary>Requests leave a zone whose answers take longer. Null: none is too slow.</summary>
    public TimeSpan? ZoneLatency { get; init; }

    /// <summary>The service that answers when no backend is left.</summary>
    public ServiceName? To { get; init; }

    /// <summary>Then the last good answer to the same GET is given, if it is no older. Null: it is not kept.</summary>
    public TimeSpan? Stale { get; init; }

    /// <summary>Then this.</summary>
    public FixedAnswerSpec? Response { get; init; }
}

/// <param name="Type">The media type of <paramref name="Body"/>.</param>
public sealed record FixedAnswerSpec(int Status, string Type, string Body);

public enum HashSource { Header, Cookie, Client, Path }

/// <param name="Name">Of the header or cookie; else empty.</param>
/// <param name="Bound">A backend takes at most this multiple of its share of the requests in flight; what is above goes
/// to the next in the key's order.</param>
public sealed record HashSpec(HashSource Source, string Name, double Bound = HashSpec.UsualBound)
{
    public const double UsualBound = 1.25;
}

/// <summary>When so many of the requests fail, requests are kept away for a while.</summary>
public sealed record BreakerSpec
{
    public bool Off { get; init; }

    /// <summary>0 to 1.</summary>
    public double ErrorRate { get; init; } = 0.5;
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>With fewer requests in the window it stays closed.</summary>
    public int Minimum { get; init; } = 20;

    /// <summary>How long it stays open the first time; twice as long each time that its trial fails.</summary>
    public TimeSpan Open { get; init; } = TimeSpan.FromSeconds(5);
}
