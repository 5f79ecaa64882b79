using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What was read of one replica at one moment, on the machine where it runs.</summary>
/// <param name="Pid">Of the process that it began with: another one counts from zero.</param>
/// <param name="CpuSeconds">Used so far, by all its processes.</param>
/// <param name="Memory">Bytes that are resident, of all its processes; what they share counts for each.</param>
/// <param name="Traffic">Null when no gateway here routes to it.</param>
public sealed record ReplicaReading(int Pid, double CpuSeconds, long Memory, TrafficReading? Traffic);

/// <param name="Requests">That were answered or failed, since the process is routed to.</param>
/// <param name="Weight">1 when it gets its whole share of the requests.</param>
/// <param name="Breaker">closed, open (it is ejected and gets nothing) or halfOpen (one request at a time).</param>
/// <param name="Because">Of the weight and the breaker; empty when there is nothing to say.</param>
public sealed record TrafficReading(
    int InFlight, long Requests, long Failures, double Weight = 1, string Breaker = TrafficReading.Closed,
    string Because = "")
{
    public const string Closed = "closed";
    public const string Open = "open";

    /// <summary>Null when it gets its whole share.</summary>
    public string? Sentence() => Because == "" ? null
        : Breaker == Closed ? string.Create(CultureInfo.InvariantCulture,
            $"The gateway here gives it {Weight * 100:0} % of its requests: {Because}.")
        : Breaker == Open ? $"The gateway here sends it nothing for a moment: {Because}."
        : $"The gateway here tries it with one request at a time: {Because}.";
}

/// <param name="Over">Seconds over which the rates were measured.</param>
public sealed record TopView(double Over, EquatableArray<UsageView> Replicas);

/// <summary>A replica with what it uses. Null: unknown, because it runs on another machine or has just begun.</summary>
/// <param name="Cpu">Cores: 0.5 is half of one.</param>
/// <param name="Memory">Bytes that are resident.</param>
/// <param name="InFlight">Requests in it now.</param>
/// <param name="Requests">Each second.</param>
/// <param name="Failures">Each second: of these, those that ended with 5xx, a reset or a cut.</param>
/// <param name="Weight">1 when the gateway here gives it its whole share of the requests.</param>
/// <param name="Breaker">closed, open or halfOpen.</param>
/// <param name="Because">Of the weight and the breaker; null when there is nothing to say.</param>
public sealed record UsageView(
    string Replica, string Service, string Node, string? Zone, string State, bool Ready, int Restarts, double? Cpu,
    long? Memory, int? InFlight, double? Requests, double? Failures, double? Weight, string? Breaker, string? Because);

/// <summary>Turns two readings into rates.</summary>
public static class Usage
{
    /// <summary>Sorted by replica.</summary>
    public static TopView Of(ClusterState state, IReadOnlyDictionary<string, ReplicaReading> before,
        IReadOnlyDictionary<string, ReplicaReading> after, TimeSpan between) =>
        new(Math.Round(between.TotalSeconds, 3), Look.Replicas(state).Select(replica => Row(replica,
            before.GetValueOrDefault(replica.Replica), after.GetValueOrDefault(replica.Replica), between.TotalSeconds))
            .ToEquatableArray());

    private static UsageView Row(ReplicaView replica, ReplicaReading? before, ReplicaReading? now, double seconds)
    {
        var same = before?.Pid == now?.Pid && seconds > 0 ? before : null;
        var (then, traffic) = (same?.Traffic, now?.Traffic);
        return new UsageView(replica.Replica, replica.Service, replica.Node, replica.Zone, replica.State, replica.Ready,
            replica.Restarts, Rate(same?.CpuSeconds, now?.CpuSeconds, seconds), now?.Memory, traffic?.InFlight,
            Rate(then?.Requests, traffic?.Requests, seconds), Rate(then?.Failures, traffic?.Failures, seconds),
            traffic?.Weight, traffic?.Breaker, traffic is { Because.Length: > 0 } ? traffic.Because : null);
    }

    // A process of a replica that has ended takes its share with it: never below zero.
    private static double? Rate(double? before, double? now, double seconds) =>
        now - before is { } grown ? Math.Round(Math.Max(0, grown) / seconds, 3) : null;
}
