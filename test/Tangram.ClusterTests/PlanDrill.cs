using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Proving;
using Tangram.Proving.Scenarios;

namespace Tangram.ClusterTests;

/// <summary>A JMeter user's plan, as JMeter saves it, against the shop's orders: TANGRAM_USERS says how many users,
/// 5,000 if not.</summary>
[Collection(nameof(Alone))]
public sealed class PlanDrill
{
    private static readonly int Users =
        int.TryParse(Environment.GetEnvironmentVariable("TANGRAM_USERS"), out var users) ? users : 5_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string Plan = Path.Combine(
        Repository.Root, "test", "Tangram.ClusterTests", "Proving", "Plans", "shop-orders.jmx");

    [Fact]
    public async Task A_plan_with_5000_users_orders_from_the_shop_and_every_check_holds()
    {
        await using var cluster = await ShopCluster.ReadyAsync();
        using var load = cluster.Type(
            $"exec tangram load {Plan} -J port={cluster.Gateway.Port} -J users={Users} " +
            "-J ramp=10 -J duration=30 --json");
        var (peak, connections) = (0L, 0);
        while (!load.HasEnded)
        {
            peak = Math.Max(peak, PeakKiB(load.Pid));
            connections = Math.Max(connections, Sockets(load.Pid));
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
        var code = await load.EndAsync(Patience);
        var result = Read(load.Printed);
        var scenario = result.Scenario!;
        var report = string.Join('\n', ScenarioReport.Lines(result, scenario));
        var (all, latency) = (result.Total, result.Total.Latency);
        Figures.Note(FormattableString.Invariant($"PlanDrill: {scenario.MostUsers} users, {all.Sent} requests at ") +
            FormattableString.Invariant($"{result.Offered:0}/s, {all.Bad} failed; {scenario.Iterations} iterations; ") +
            FormattableString.Invariant($"p50 {latency.P50.TotalMilliseconds:0.0} ms, ") +
            FormattableString.Invariant($"p99 {latency.P99.TotalMilliseconds:0.0} ms, generator late p99 ") +
            FormattableString.Invariant($"{result.Lateness.P99.TotalMilliseconds:0.0} ms, ") +
            FormattableString.Invariant($"its memory at the most {peak / 1024} MiB, open files {connections}"));
        Assert.True(code == 0, report);
        Assert.Equal(Users, scenario.MostUsers);
        Assert.Equal(["List orders", "Place an order"], result.Classes.Select(c => c.Name));
        Assert.All(scenario.Checks, check => Assert.True(check is { Held: > 0, Wrong: 0 }, $"{check}"));
        Assert.Equal("Look and order", Assert.Single(scenario.Parts).Name);
        Assert.Equal(["not needed here, and not run: Summary Report"], scenario.Notes);
        // Every order that was answered was executed, and none of them twice.
        var executed = cluster.Executed().Where(id => id.StartsWith("jmx-", StringComparison.Ordinal)).ToList();
        Assert.Equal(executed.Count, executed.Distinct().Count());
        Assert.Equal(result.Classes[1].Ok, executed.Count);
        // Each user thinks 5 to 15 s before each of its requests: so many of them, and no more.
        Assert.InRange(result.Total.Sent, Users * 1.5, Users * 4.0);
    }

    private static LoadResult Read(string printed)
    {
        Assert.True(printed.StartsWith('{'), printed);
        return LoadJson.Read(printed);
    }

    private static long PeakKiB(int pid)
    {
        var line = Lines(pid).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
    }

    private static string[] Lines(int pid)
    {
        try { return File.ReadAllLines($"/proc/{pid}/status"); }
        catch (IOException) { return []; }
    }

    private static int Sockets(int pid)
    {
        try { return Directory.GetFiles($"/proc/{pid}/fd").Length; }
        catch (IOException) { return 0; }
    }
}
