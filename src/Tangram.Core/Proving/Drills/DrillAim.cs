using System.Globalization;
using Tangram.Model;

namespace Tangram.Proving.Drills;

/// <summary>What must hold: a drill's own words first, then the cluster's objectives, then what is usual.</summary>
/// <param name="Availability">0 to 1.</param>
/// <param name="LatencyP99">From when a request was due. Null: not judged.</param>
/// <param name="Recovery">Whole again within it.</param>
/// <param name="Given">False: nobody said what availability is wanted.</param>
public sealed record DrillAim(double Availability, TimeSpan? LatencyP99, TimeSpan Recovery, bool Given)
{
    public const double UsualAvailability = 0.999;
    public static readonly TimeSpan UsualRecovery = TimeSpan.FromSeconds(30);

    public static DrillAim Of(DrillSpec drill, ObjectivesSpec objectives) => new(
        drill.Availability ?? objectives.Availability ?? UsualAvailability,
        drill.LatencyP99 ?? objectives.LatencyP99,
        drill.Recovery ?? objectives.RecoveryTime ?? UsualRecovery,
        (drill.Availability ?? objectives.Availability) is not null);

    /// <summary>How many of so many requests may fail. The share is a rounded number, so that 99.9 % of 1,000 is one
    /// and not 0.99999.</summary>
    public long Allowed(long requests) => (long)Math.Floor((1 - Availability) * requests + 1e-6);

    /// <summary>Why a load breaks it, as sentences; empty when it does not.</summary>
    public IEnumerable<string> Broken(DrillLoad load)
    {
        if (load.Sent == 0)
            yield return "no request was sent";
        else if (load.Failed > Allowed(load.Sent))
            yield return $"{load.Failed} of {load.Sent} requests failed ({string.Join(", ", load.Troubles)}): " +
                $"availability {Percent(load.Availability)}, objective {Percent(Availability)}";
        if (IsSlow(load) && !load.GeneratorLate)
            yield return $"1 % of the requests took {Words(load.P99)} or longer, objective {Words(LatencyP99!.Value)}";
    }

    /// <summary>Why a load says nothing about latency; null when it does.</summary>
    public string? Void(DrillLoad load) => IsSlow(load) && load.GeneratorLate
        ? $"requests took long, and the generator began 1 % of them {Words(load.LateBy)} or more after their time: " +
          "this machine was too busy to tell"
        : null;

    /// <summary>On the way: so many have failed that the whole run cannot keep the objective any more.</summary>
    public string? Spent(long failed, long planned) => failed <= Allowed(planned) ? null
        : $"{failed} request{(failed == 1 ? " has" : "s have")} failed, and {Percent(Availability)} of the " +
          $"{planned} of this drill allows {Allowed(planned)}";

    public override string ToString() => $"availability {Percent(Availability)}" +
        (Given ? "" : " (usual: the cluster has no objective)") +
        (LatencyP99 is { } p99 ? $", p99 {Words(p99)}" : "") + $", whole within {Words(Recovery)}";

    public static string Percent(double share) =>
        (share * 100).ToString("0.####", CultureInfo.InvariantCulture) + " %";

    internal static string Words(TimeSpan span) => span.TotalMilliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.#} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0#} s");

    private bool IsSlow(DrillLoad load) => LatencyP99 is { } most && load.P99 > most;
}
