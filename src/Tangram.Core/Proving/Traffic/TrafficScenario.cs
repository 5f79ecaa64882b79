using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Traffic;

/// <summary>What a backend does with one request.</summary>
/// <param name="Takes">Once it has begun with it.</param>
/// <param name="Status">Of its response.</param>
public readonly record struct Serving(TimeSpan Takes, int Status = 200);

/// <summary>Requests that come at random (Poisson) to one gateway's brain in front of simulated backends.</summary>
public sealed record TrafficScenario
{
    public int Backends { get; init; } = 10;
    public BalancePolicy Policy { get; init; } = BalancePolicy.PeakEwma;

    /// <summary>Requests a second.</summary>
    public double Rate { get; init; } = 1000;
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A request that has no answer after this time has failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Who ends it then: the gateway (<see cref="AttemptOutcome.TimedOut"/>), or the client, of which a
    /// gateway only knows that it has left (<see cref="AttemptOutcome.ClientFault"/>).</summary>
    public AttemptOutcome GivenUp { get; init; } = AttemptOutcome.TimedOut;

    /// <summary>What a backend does at a moment; the first is 0.</summary>
    public required Func<int, Instant, Rng, Serving> Serve { get; init; }

    /// <summary>Requests that a backend works on at once; the others queue there. A backend goes on with a request that
    /// was given up.</summary>
    public int Slots { get; init; } = int.MaxValue;

    /// <summary>False shows what the policy does by itself.</summary>
    public bool Ejects { get; init; } = true;

    /// <summary>Failures are repeated elsewhere, as <see cref="RetryPolicy"/> allows.</summary>
    public bool Retries { get; init; }

    /// <summary>False lets every request be repeated, as gateways without a retry budget do.</summary>
    public bool Budgeted { get; init; } = true;

    /// <summary>Null: every request is let in.</summary>
    public AdmissionSpec? Admission { get; init; }

    /// <summary>What class a request is of.</summary>
    public Func<Rng, PriorityClass> Class { get; init; } = _ => PriorityClass.Normal;

    /// <summary>Requests and answers before this are not counted: it has to find its limits first.</summary>
    public TimeSpan WarmUp { get; init; }
    public ulong Seed { get; init; } = 1;

    /// <summary>The zone of each backend, by its first letter; empty: all have the same.</summary>
    public string Zones { get; init; } = "";

    /// <summary>The gateway's own; null: it has none.</summary>
    public ZoneName? Home { get; init; }
    public TrafficSpec Traffic { get; init; } = new();

    /// <summary>Called after each look at the backends.</summary>
    public Action<TrafficMoment>? Observe { get; init; }

    /// <summary>A duration whose logarithm is normal; <paramref name="sigma"/> 0.4 puts one answer in 100 above 2.5
    /// times the median.</summary>
    public static TimeSpan LogNormal(TimeSpan median, double sigma, Rng rng)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - rng.NextDouble())) * Math.Cos(2 * Math.PI * rng.NextDouble());
        return median * Math.Exp(sigma * normal);
    }

    public static TimeSpan Exponential(TimeSpan mean, Rng rng) => mean * -Math.Log(1 - rng.NextDouble());
}
