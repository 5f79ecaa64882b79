using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>What somebody meets who clones the repository and has the SDK.</summary>
[Collection(nameof(Alone))]
public sealed class NewcomerDrill
{
    [Fact]
    public async Task A_fresh_clone_is_up_with_one_command()
    {
        // Given a clone
        using var clone = await FreshClone.MakeAsync();
        var file = Path.Combine(clone.Root, "examples", "shop", "compose.yaml");

        // When the README's first command is run
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            var (code, printed) = await clone.TangramAsync("up", "-f", file, "--detach");
            var took = TimeProvider.System.GetElapsedTime(start);

            // Then the shop answers, and the time it took is printed
            Assert.True(code == 0, printed);
            var ready = printed.Split('\n').Single(line => line.StartsWith("ready in ", StringComparison.Ordinal));
            using var http = new HttpClient();
            var orders = new Uri(clone.Here("http://127.0.0.1:8080/api/orders/version"));
            Assert.Contains("\"1\"", await http.GetStringAsync(orders));
            Figures.Note(nameof(NewcomerDrill) +
                         FormattableString.Invariant($": {took.TotalSeconds:0} s from the clone to ready, ") +
                         $"the build included; it printed: {ready.Split(',')[0]}");
        }
        finally
        {
            await clone.TangramAsync("down", "-f", file);
        }
    }
}
