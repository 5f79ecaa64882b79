using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;
using Tangram.Observing;

namespace Tangram.ClusterTests;

/// <summary>Random faults on eleven machines, one or two at a time, under load and while the cluster is being changed.
/// TANGRAM_FAULTS of them with each of TANGRAM_SEEDS seeds, which count from TANGRAM_SEED.</summary>
[Collection(nameof(Alone))]
public sealed class RandomFaultDrill
{
    private const int Rate = 100;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5), ConvergesWithin = TimeSpan.FromSeconds(90),
        Stays = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Whatever_befalls_the_machines_nothing_acknowledged_is_lost_and_the_cluster_converges()
    {
        var first = Numbered("TANGRAM_SEED") ?? Random.Shared.Next(1_000_000);
        var failed = new List<string>();
        for (var seed = first; seed < first + (Numbered("TANGRAM_SEEDS") ?? 1); seed++)
        {
            var faults = Numbered("TANGRAM_FAULTS") ?? Figures.Shorter(6, 4);
            try
            {
                await RunAsync(seed, faults);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                var line = $"seed {seed} (repeat with TANGRAM_SEED={seed} TANGRAM_FAULTS={faults}): {e.Message}";
                Figures.Note($"{nameof(RandomFaultDrill)}: FAILED, {line}");
                failed.Add($"{line}\n{e.StackTrace}");
            }
        }
        Assert.True(failed.Count == 0, string.Join("\n\n", failed));
    }

    private static async Task RunAsync(int seed, int faults)
    {
        // Given the shop under load, with a singleton that proves that it is alone, and somebody who changes the
        // cluster all the time
        await using var shop = await ShopLab.ReadyAsync(s => LabSingleton.Text(s) + LabWriter.Text);
        var run = new RandomRun(shop, seed);
        await using var load = shop.StartLoad(Rate);
        await Until.PassedAsync(WarmUp);
        var (said, times) = (new List<string>(), new List<TimeSpan>());
        try
        {
            // When it is struck again and again, then each time it converges to what was acknowledged
            foreach (var round in RandomPlan.Of(seed, faults))
            {
                said.Add($"{TimeProvider.System.GetUtcNow():HH:mm:ss} {round}");
                times.Add(await run.SufferAsync(round, ConvergesWithin, Stays));
            }
            var result = await load.StopAsync();
            Note(seed, faults, run, times, result);
            var twice = shop.Executed().GroupBy(id => id).Where(g => g.Count() > 1).Select(g => g.Key).ToList();
            Assert.True(twice.Count == 0, $"executed twice: {string.Join(", ", twice)}");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            run.Keep();
            throw new InvalidOperationException($"{e.Message}\nwhat befell it:\n{string.Join('\n', said)}", e);
        }
    }

    private static void Note(int seed, int faults, RandomRun run, List<TimeSpan> times, Tangram.Proving.LoadResult load)
    {
        var (terms, writes, starts) = run.Terms;
        var (processes, gap, woken) = run.Singles;
        var made = run.Changes.ToLookup(c => c.Ending);
        Figures.Note(string.Create(CultureInfo.InvariantCulture,
            $"{nameof(RandomFaultDrill)}: seed {seed}: {faults} faults in {times.Count} rounds; converged after ") +
            string.Create(CultureInfo.InvariantCulture,
            $"{times.Average(t => t.TotalSeconds):0.0} s on average, {times.Max().TotalSeconds:0.0} s at most; ") +
            $"{made[Ending.Acknowledged].Count()} acknowledged changes kept, {made[Ending.Refused].Count()} refused, " +
            $"{made[Ending.Unknown].Count()} unknown; {terms} terms, {writes} writes of leaders, {starts} starts " +
            $"matched to their term; {processes} singletons one after the other, never two, longest gap " +
            string.Create(CultureInfo.InvariantCulture, $"{gap:0.0} s, {woken} lines of woken ones; ") +
            $"{load.BadSafe} of {load.Gets()} safe requests failed, {load.BadPosts()} POSTs, none executed twice");
    }

    private static int? Numbered(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var n) ? n : null;
}
