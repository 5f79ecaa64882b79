using System.Diagnostics;
using System.Globalization;
using Tangram.Model;
using Tangram.Proving.Simulation;

namespace Tangram.Bench;

/// <summary>A zone lost, replaced and returned in simulated clusters of several sizes, with 20 replicas a node: how
/// long it takes in virtual time, what is said and written, what the leader's and the agents' turns cost in real time,
/// and how all of it grows.</summary>
internal static class ScaleBench
{
    private static readonly int[] Sizes = [50, 500, 5_000];
    private static readonly TimeSpan DetectionGoal = TimeSpan.FromSeconds(3);
    private const double LeaderGoal = 0.2;

    private sealed record Phase(TimeSpan Long, ScaleCounts Counts);

    private sealed record Size(ZoneLossOptions Options, ZoneLossResult Result,
        Dictionary<ZoneLossPhase, Phase> Phases, TimeSpan Real);

    public static int Run(string[] args)
    {
        // The first run is compiled while it runs; its figures would say more of that than of the cluster.
        Measure(50);
        var sizes = new List<Size>();
        foreach (var nodes in args.Length == 0 ? Sizes : args.Select(a => int.Parse(a, CultureInfo.InvariantCulture)))
        {
            sizes.Add(Measure(nodes));
            Print(sizes[^1]);
        }
        if (sizes.Count > 1) PrintGrowth(sizes[0], sizes[^1]);
        return sizes.All(Good) ? 0 : 1;
    }

    private static Size Measure(int nodes)
    {
        var counts = new ScaleCounts();
        var (now, entered, phase) = (Instant.Zero, Instant.Zero, ZoneLossPhase.Starting);
        var phases = new Dictionary<ZoneLossPhase, Phase>();
        var options = new ZoneLossOptions
        {
            Nodes = nodes, Hooks = ScaleCounts.Hooks(() => counts, () => now) with { Clock = at => now = at },
        };
        var watch = Stopwatch.StartNew();
        var result = ZoneLoss.Run(options, next =>
        {
            phases[phase] = new Phase(now - entered, counts);
            (entered, phase, counts) = (now, next, counts.Next());
            Console.Error.WriteLine($"{nodes} nodes: {next} at {now}, {watch.Elapsed.TotalSeconds:0} s");
        });
        return new Size(options, result, phases, watch.Elapsed);
    }

    private static bool Good(Size size) => size.Result is { Violations.Count: 0, FalselyDead: 0, Whole: not null,
        Returned: not null } && size.Result.Detected <= DetectionGoal && Leading(size) <= LeaderGoal;

    private static double Leading(Size size) => Share(size, ZoneLossPhase.Steady, c => c.Leader);

    private static double Share(Size size, ZoneLossPhase phase, Func<ScaleCounts, TimeSpan> cost) =>
        cost(size.Phases[phase].Counts) / size.Phases[phase].Long;

    private static double Rate(Size size, ZoneLossPhase phase, Func<ScaleCounts, long> count) =>
        count(size.Phases[phase].Counts) / size.Phases[phase].Long.TotalSeconds;

    private static IEnumerable<(string What, string Unit, Func<Size, double> Of)> Figures()
    {
        const ZoneLossPhase Steady = ZoneLossPhase.Steady;
        ZoneLossPhase[] loss = [ZoneLossPhase.Detecting, ZoneLossPhase.Replacing, ZoneLossPhase.Replaced];
        IEnumerable<ScaleCounts> Loss(Size s) => loss.Select(p => s.Phases[p].Counts);
        double Seconds(TimeSpan? time) => time?.TotalSeconds ?? double.NaN;

        yield return ("whole from nothing", "s", s => Seconds(s.Result.Started));
        yield return ("zone lost: first node declared dead", "s", s => Seconds(s.Result.DetectedFirst));
        yield return ("zone lost: all declared dead", "s", s => Seconds(s.Result.Detected));
        yield return ("zone lost: every replica ready again", "s", s => Seconds(s.Result.Whole));
        yield return ("zone returned: nothing left to do", "s", s => Seconds(s.Result.Returned));
        yield return ("steady: heartbeats to neighbours", "/s", s => Rate(s, Steady, c => c.Beats));
        yield return ("steady: heartbeats to each server", "/s", s => Rate(s, Steady, c => c.BeatsToServers));
        yield return ("steady: heartbeats sent by a node", "/s",
            s => Rate(s, Steady, c => c.Beats + c.BeatsToServers * 3) / s.Options.Nodes);
        yield return ("steady: store operations", "/s", s => Rate(s, Steady, c => c.StoreOps));
        yield return ("steady: transactions", "/s", s => Rate(s, Steady, c => c.Transactions));
        yield return ("loss: store operations, busiest second", "/s", s => Loss(s).Max(c => c.PeakStoreOps));
        yield return ("loss: transactions", "", s => Loss(s).Sum(c => c.Transactions));
        yield return ("loss: written", "MB", s => Loss(s).Sum(c => c.Bytes) / 1e6);
        yield return ("loss: states told to an agent", "", s => Loss(s).Sum(c => c.States) / (double)s.Options.Nodes);
        yield return ("start: store operations, busiest second", "/s",
            s => s.Phases[ZoneLossPhase.Starting].Counts.PeakStoreOps);
        yield return ("steady: the leader's CPU", "%", s => 100 * Leading(s));
        yield return ("steady: an agent's CPU", "%", s => 100 * Share(s, Steady, c => c.Agents) / s.Options.Nodes);
        yield return ("loss: the leader's CPU", "ms", s => Loss(s).Sum(c => c.Leader.TotalMilliseconds));
        yield return ("loss: the leader's longest turn", "ms",
            s => Loss(s).Max(c => c.LeaderLongest.TotalMilliseconds));
        yield return ("start: the leader's longest turn", "ms",
            s => s.Phases[ZoneLossPhase.Starting].Counts.LeaderLongest.TotalMilliseconds);
        yield return ("loss: times a gateway made routes", "", s => Loss(s).Sum(c => c.RoutesMade));
        yield return ("loss: a gateway's CPU for routes", "ms", s => Loss(s).Sum(c => c.Routes.TotalMilliseconds));
        yield return ("loss: longest making of routes", "ms", s => Loss(s).Max(c => c.RoutesLongest.TotalMilliseconds));
    }

    private static void Print(Size size)
    {
        var (options, result) = (size.Options, size.Result);
        Console.WriteLine($"{options.Nodes:N0} nodes, {options.Replicas:N0} replicas of {options.Services:N0} " +
                          $"services, {result.Lost:N0} nodes lost");
        foreach (var (what, unit, of) in Figures()) Console.WriteLine($"  {what,-42} {Show(of(size)),12} {unit}");
        Console.WriteLine($"  {result.Events:N0} events in {result.Simulated.TotalSeconds:0} s of virtual and " +
                          $"{size.Real.TotalSeconds:0} s of real time; {result.FalselyDead} nodes falsely dead");
        foreach (var line in result.Said) Console.WriteLine($"  said: {line}");
        foreach (var line in result.Violations) Console.WriteLine($"  VIOLATED: {line}");
        Console.WriteLine(Good(size) ? "  held"
            : $"  NOT HELD: detection within {DetectionGoal.TotalSeconds} s, the leader's steady CPU up to " +
              $"{100 * LeaderGoal} %, whole and returned, nothing violated");
    }

    private static void PrintGrowth(Size small, Size large)
    {
        var nodes = (double)large.Options.Nodes / small.Options.Nodes;
        Console.WriteLine($"growth from {small.Options.Nodes:N0} to {large.Options.Nodes:N0} nodes (x {nodes:0})");
        foreach (var (what, unit, of) in Figures())
            Console.WriteLine($"  {what,-42} {Show(of(small)),12} -> {Show(of(large)),12} {unit,-3} " +
                              (of(small) > 0 ? $"x {of(large) / of(small):0.##}" : ""));
    }

    private static string Show(double value) => value.ToString(
        value < 1 ? "0.0000" : value < 100 ? "0.00" : "N0", CultureInfo.InvariantCulture);
}
