using Tangram.Cli;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Observing;

namespace Tangram.ClusterTests;

/// <summary>The examples that help shows, typed into a shell beside a shop that runs.</summary>
[Collection(nameof(Alone))]
public sealed class HelpDrill
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Those that look, in any order; then those that act, each on what the one before left.
    private static readonly string[] Looks =
        ["plan", "ps", "top", "api", "status", "events", "logs", "why", "history", "completion", "config", "version"];

    private static readonly string[] Acts = ["backend", "scale", "kill", "revive", "drain", "undrain"];

    /// <summary>These go on until they are ended.</summary>
    private static bool Follows(string line) =>
        line.Contains("--follow", StringComparison.Ordinal) || line.Contains("--watch", StringComparison.Ordinal);

    [Fact]
    public async Task Every_example_of_a_look_or_an_act_does_what_help_says()
    {
        await using var cluster = await ShopCluster.ReadyAsync();
        await DoAsync(cluster, "echo 'services: {}' > production.yaml; mkdir -p .config/fish/completions");
        foreach (var line in Looks.Concat(Acts).SelectMany(command => Examples.Of[command]))
            await DoAsync(cluster, Follows(line) ? $"timeout -s INT 2 {line.Split("  ")[0]}; test $? = 124"
                : line.Split("  ")[0].Replace("~/", ""));
    }

    [Fact]
    public async Task Looks_go_on_when_another_daemon_takes_over_and_know_what_replicas_use()
    {
        // Given a shop, and somebody who follows its events and its replicas
        await using var cluster = await ShopCluster.ReadyAsync();
        using var events = cluster.Type("exec tangram events --follow --json");
        using var replicas = cluster.Type("exec tangram ps --watch order");
        try
        {
            await PrintedAsync(replicas, "order-6");
            // When another daemon takes over, and then a replica dies
            var before = cluster.Daemon;
            cluster.Up("compose.yaml", "--replace");
            Assert.Equal(0, await before.EndAsync(Patience));
            await cluster.BecomesReadyAsync();
            await cluster.DoAsync("kill", "order-3");
            // Then both tell it, and no event is left out or told twice
            await PrintedAsync(events, "kill order-3");
            await PrintedAsync(replicas, "order-3: ready on");
            var numbers = events.Printed.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line.StartsWith('{')).Select(line => ViewJson.Read<EventView>(line).Number).ToList();
            Assert.Equal(numbers.Select((_, i) => numbers[0] + i), numbers);
        }
        finally
        {
            await events.KillAsync();
            await replicas.KillAsync();
        }

        // And what a replica uses is measured: a process holds memory, and requests are counted where they went
        using var load = cluster.Type($"tangram load {cluster.Gateway}api/orders --rate 100 --duration 8s");
        var top = await Until.SomeAsync(async () =>
            ViewJson.Read<TopView>(await cluster.DoAsync("top", "order", "--json")) is { } view
            && view.Replicas.Sum(r => r.Requests ?? 0) > 20 ? view : null, Patience, () => load.Printed);
        Assert.All(top.Replicas, r => Assert.InRange(r.Memory!.Value, 10 << 20, 1L << 30));
        Assert.Contains(top.Replicas, r => r.Cpu > 0);
        await load.EndAsync(Patience);
    }

    private static Task PrintedAsync(Child child, string text) => Until.SomeAsync(
        () => Task.FromResult(child.Printed.Contains(text, StringComparison.Ordinal) ? child : null), Patience,
        () => $"'{text}' in:\n{child.Printed}");

    private static async Task DoAsync(ShopCluster cluster, string line)
    {
        using var child = cluster.Type(line);
        var code = await child.EndAsync(Patience);
        Assert.True(code == 0, $"{line} ended with {code}: {child.Printed}");
    }
}
