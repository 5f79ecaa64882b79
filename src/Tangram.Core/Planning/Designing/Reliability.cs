using Tangram.Model;

namespace Tangram.Planning.Designing;

/// <summary>How long a service is down in a year, at best. A lower bound of what to expect: it counts the faults below
/// and nothing else, takes them as independent, and lets one replica carry all of the load.
/// <para>With one replica: <c>U = (C·s + M·(d + s) + Z·z + D·p) / year</c>. With n on separate nodes and in several
/// zones they are down together only when all fail within one repair: <c>U = (C·s / year)ⁿ + (M·(d + s) / year)ᵐ +
/// …</c>, the standard product for parallel parts; services that need each other are in series, and their
/// availabilities multiply (Barlow and Proschan, Statistical Theory of Reliability, 1975).</para></summary>
internal static class Reliability
{
    public static readonly TimeSpan Year = TimeSpan.FromDays(365.25);

    /// <summary>C: a replica crashes once a month. Assumed: nobody else knows the program.</summary>
    public const double Crashes = 12;

    /// <summary>M: "servers will crash at least twice" a year (Dean, Designs, Lessons and Advice from Building Large
    /// Distributed Systems, LADIS 2009).</summary>
    public const double MachinesLost = 2;

    /// <summary>Z: about one failure of a power distribution unit a year takes a whole cluster away (the
    /// same).</summary>
    public const double ZonesLost = 1;

    /// <summary>z: "~6 hours to come back" (the same).</summary>
    public static readonly TimeSpan ZoneBack = TimeSpan.FromHours(6);

    /// <summary>D: one a week. Assumed.</summary>
    public const double Deploys = 52;

    /// <summary>d: until a lost node is known to be lost, by Tangram's own goal; measured 1.1 to 1.6 s.</summary>
    public static readonly TimeSpan Detected = TimeSpan.FromSeconds(3);

    /// <summary>The same when etcd's leader is lost with it.</summary>
    public static readonly TimeSpan DetectedAtWorst = TimeSpan.FromSeconds(6);

    /// <summary>s, where the file does not say how long a start takes: less than nearly every program takes, so that
    /// nothing is called out of reach that is not.</summary>
    public static readonly TimeSpan ShortestStart = TimeSpan.FromSeconds(1);

    /// <summary>s: what <c>start_period</c> says a start may take, and the first check after it.</summary>
    public static TimeSpan Start(ServiceSpec service) =>
        service.Healthcheck is { Disabled: false, StartPeriod: var period } health && period > TimeSpan.Zero
            ? period + Shorter(Shorter(health.StartInterval, health.Interval), TimeSpan.FromSeconds(1))
            : ShortestStart;

    /// <summary>How long a replica that runs and does not answer is taken for ready: the wait for the next check, the
    /// first that fails, and <c>retries - 1</c> more, which come every 2 s or oftener.</summary>
    public static TimeSpan Unnoticed(HealthcheckSpec health) => health.Interval + health.Timeout
        + (health.Retries - 1) * (Shorter(health.Interval, TimeSpan.FromSeconds(2)) + health.Timeout);

    /// <summary>The parts of a year's downtime, worst first.</summary>
    public static IReadOnlyList<(Cause Cause, TimeSpan Down)> Parts(ServiceDesign service)
    {
        var start = Start(service.Spec);
        var parts = new List<(Cause, TimeSpan)>
        {
            (Cause.Crash, Together(Crashes * start, service.Replicas)),
            (Cause.Machine, service.Nodes == 1 ? MachinesLost * ZoneBack
                : Together(MachinesLost * (Detected + start), Math.Min(service.Replicas, service.Nodes))),
            (Cause.Zone, service.Zones == 1 ? ZonesLost * ZoneBack
                : service.Replicas == 1 ? ZonesLost * (Detected + start) : TimeSpan.Zero),
            (Cause.Deploy, service.StopsAllAtOnce ? Deploys * start : TimeSpan.Zero),
        };
        return [.. parts.OrderByDescending(part => part.Item2)];
    }

    public static TimeSpan DownInAYear(ServiceDesign service) =>
        Parts(service).Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Down);

    /// <summary>A share of a year, n of which coincide.</summary>
    private static TimeSpan Together(TimeSpan each, int count) => Year * Math.Pow(Math.Min(1, each / Year), count);

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

/// <summary>What takes a service down.</summary>
internal enum Cause { Crash, Machine, Zone, Deploy }
