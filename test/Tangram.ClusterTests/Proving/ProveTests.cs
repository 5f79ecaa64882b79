using Tangram.ClusterTests.Drilling;
using Tangram.Proving.Proofs;

namespace Tangram.ClusterTests.Proving;

/// <summary>`tangram prove` on a cluster, as its user types it.</summary>
[Collection(nameof(Alone))]
public sealed class ProveTests
{
    [Fact]
    public async Task Drills_are_held_one_after_another_and_what_they_showed_is_kept()
    {
        await using var cluster = await DrillCluster.ReadyAsync();
        var (code, printed) = await cluster.PrintedAsync("prove", "--only", "replica-loss,traffic-spike,zone-loss",
            "--budget", "40s", "--seed", "7", "--json");
        Assert.True(printed.StartsWith('{'), printed);
        var result = ProofJson.Read(printed);
        Assert.Equal([ProofRuling.Kept, ProofRuling.Kept, ProofRuling.Skipped], result.Rows.Select(row => row.Verdict));
        Assert.Equal(0, code);
        Assert.Equal(["replica-loss", "traffic-spike", "zone-loss"], result.Rows.Select(row => row.Drill));
        Assert.Contains("0 of 500 failed", result.Rows[0].Figure);
        Assert.Contains("of --budget", result.Rows[2].Because[0]);
        Assert.Equal(result.Rows[0].Seed, result.Rows[0].Result!.Seed);
        Assert.True((await cluster.StatusAsync())!.Ready);
        Figures.Note($"{nameof(ProveTests)}: " + string.Join("; ", result.Rows.Select(r => $"{r.Drill}: {r.Figure}")));

        // What would be held is told, and nothing is done
        var (planned, text) = await cluster.PrintedAsync("prove", "--dry-run", "--seed", "7");
        Assert.True(planned == 0 && text.Contains("zone-loss --seed"), text);
        Assert.Contains("planned", text);
        foreach (var (arguments, told) in ((string[], string)[])[
            (["prove", "--only", "node-los"], "there is no ready drill 'node-los'"),
            (["prove", "--only", "node-loss", "--except", "node-loss"], "leave no drill"),
            (["prove", "--budget", "soon"], "is not a duration"), (["prove", "--seed", "-1"], "-1"),
            (["drill", "node-loss", "--at-most", "rack"], "'rack' after --at-most is none of"),
            (["drill", "node-loss", "--at-most", "replica"], "strikes a node, and a replica at most"),
            (["drill", "--history", "--seed", "7"], "--history looks at what was held")])
        {
            var (wrong, said) = await cluster.PrintedAsync(arguments);
            Assert.True(wrong == 2 && said.Contains(told), $"{string.Join(' ', arguments)}: {wrong}\n{said}");
        }
        await ByItsCalendarAsync(cluster);
    }

    private static async Task ByItsCalendarAsync(DrillCluster cluster)
    {
        await cluster.DeployAsync("drills: [ { drill: replica-loss, schedule: \"*/5 * * * * *\", at_most: replica } ]");
        string[] told = [];
        await Until.SomeAsync(async () =>
        {
            var events = (await cluster.PrintedAsync("events")).Printed;
            told = [.. events.Trim().Split('\n').Where(line => line.Contains("  drill: "))];
            return told.SkipWhile(line => !line.Contains("begins by its schedule"))
                .Any(line => line.Contains("replica-loss: KEPT")) ? told : null;
        }, TimeSpan.FromSeconds(60), () => string.Join('\n', told));
        // Those that were held by hand are told too
        Assert.Contains(told, line => line.Contains("traffic-spike: KEPT"));

        var (code, printed) = await cluster.PrintedAsync("drill", "replica-loss", "--history");
        var history = printed.Trim().Split('\n');
        Assert.True(code == 0 && history.Length >= 3 && history[2].Contains("KEPT"), printed);
    }
}
