using Tangram.Model;
using Tangram.Observing;
using Tangram.Routing;

namespace Tangram.Deploying;

/// <summary>Reads what replicas on this machine use, when somebody asks: nothing is sampled otherwise, and nothing
/// stored.</summary>
internal static class ReplicaReadings
{
    /// <summary>USER_HZ: the same on every architecture that we run on (time(7)).</summary>
    private const double TicksPerSecond = 100;

    /// <summary>One walk through /proc. A replica is all the processes of its session.</summary>
    public static IReadOnlyDictionary<string, ReplicaReading> Of(
        IReadOnlyList<ReplicaRecord> replicas, RouteTable table, Instant now)
    {
        var sessions = ProcessStat.All().Where(p => !p.Ended).ToLookup(p => p.Session);
        var traffic = table.All().ToDictionary(b => b.Replica);
        var readings = new Dictionary<string, ReplicaReading>(StringComparer.Ordinal);
        foreach (var replica in replicas)
        {
            // A guard may lead the session.
            if (ProcessStat.Read(replica.Pid) is not { } own || own.StartTime != replica.StartTime) continue;
            var (ticks, pages) = (0L, 0L);
            foreach (var process in sessions[own.Session])
                (ticks, pages) = (ticks + process.CpuTicks, pages + process.Pages);
            readings[replica.Replica.Value] = new ReplicaReading(replica.Pid, ticks / TicksPerSecond,
                pages * Environment.SystemPageSize, traffic.TryGetValue(replica.Replica, out var backend)
                    ? Traffic(table, backend, now) : null);
        }
        return readings;
    }

    private static TrafficReading Traffic(RouteTable table, Backend backend, Instant now)
    {
        var seen = backend.Counters;
        var reading = new TrafficReading(seen.InFlight, seen.Successes + seen.Failures, seen.Failures);
        if (table.Find(backend.Service) is not { } service) return reading;
        var state = BackendState.Of(service, backend, now);
        return reading with
        {
            Weight = state.Weight, Breaker = state.Breaker switch
            {
                BreakerState.Open => TrafficReading.Open,
                BreakerState.HalfOpen => "halfOpen",
                _ => TrafficReading.Closed,
            },
            Because = state.Because,
        };
    }
}
