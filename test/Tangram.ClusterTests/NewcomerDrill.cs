using System.Diagnostics;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>What somebody meets who clones the repository and has the SDK.</summary>
[Collection(nameof(Alone))]
public sealed class NewcomerDrill : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-newcomer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_fresh_clone_is_up_with_one_command()
    {
        // Given a clone, on a machine where the example's port may be taken
        Needs.Program("git");
        Needs.That(Path.Exists(Path.Combine(Repository.Root, ".git")),
            "needs the repository's history: these sources are no clone");
        var clone = Path.Combine(_folder, "tangram");
        Assert.True(await RunAsync("git", "clone", "--quiet", Repository.Root, clone) is (0, _), "git clone failed");
        var file = Path.Combine(clone, "examples", "shop", "compose.yaml");
        var port = ShopCluster.FreePort();
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace(":8080", $":{port}"));

        // When the README's first command is run
        var tangram = Path.Combine(clone, "tangram");
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            var (code, printed) = await RunAsync(tangram, "up", "-f", file, "--detach");
            var took = TimeProvider.System.GetElapsedTime(start);

            // Then the shop answers, and the time it took is printed
            Assert.True(code == 0, printed);
            var ready = printed.Split('\n').Single(line => line.StartsWith("ready in ", StringComparison.Ordinal));
            using var http = new HttpClient();
            Assert.Contains("\"1\"", await http.GetStringAsync($"http://127.0.0.1:{port}/api/orders/version"));
            Figures.Note(nameof(NewcomerDrill) +
                         FormattableString.Invariant($": {took.TotalSeconds:0} s from the clone to ready, ") +
                         $"the build included; it printed: {ready.Split(',')[0]}");
        }
        finally
        {
            await RunAsync(tangram, "down", "-f", file);
        }
    }

    private async Task<(int Code, string Printed)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, Path.Combine(_folder, "state"));
        // Build servers would outlive the test, in a folder that is gone.
        (start.Environment["MSBUILDDISABLENODEREUSE"], start.Environment["UseSharedCompilation"]) = ("1", "false");
        using var child = new Child(start);
        var code = await child.EndAsync(Patience);
        return (code, child.Printed);
    }
}
