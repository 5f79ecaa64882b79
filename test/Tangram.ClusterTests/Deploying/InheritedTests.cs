using System.Diagnostics;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.BadInput;

namespace Tangram.ClusterTests.Deploying;

public sealed class InheritedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A script that holds a lock while it brings a cluster up: neither the daemon, which outlives it, nor a
    /// replica, which outlives the daemon, has the lock too.</summary>
    [Fact]
    public async Task What_a_script_holds_open_does_not_stay_open_with_the_cluster()
    {
        var folder = Directory.CreateTempSubdirectory("tangram-inherited-").FullName;
        var held = Path.Combine(folder, "held");
        var file = WebService.Write(folder, "inherited", $"127.0.0.1:{FreePort.Take()}", 1);
        try
        {
            var printed = await RunAsync(
                $"exec 9>{held}; \"$0\" \"$@\"; ls -l /proc/$$/fd", "up", "-f", file, "--detach");
            Assert.Contains(held, printed);
            Assert.Contains("ready in", printed);
            Assert.DoesNotContain(Directory.EnumerateDirectories("/proc"), process => Opens(process, held));
        }
        finally
        {
            await RunAsync("\"$0\" \"$@\"", "down", "-f", file);
            Directory.Delete(folder, recursive: true);
        }

        async Task<string> RunAsync(string script, params string[] arguments)
        {
            var start = new ProcessStartInfo("bash", ["-c", script, ShopCluster.Binary, .. arguments]);
            ShopCluster.Surround(start, Path.Combine(folder, "state"));
            using var child = new Child(start);
            Assert.True(await child.EndAsync(Patience) == 0, child.Printed);
            return child.Printed;
        }
    }

    private static bool Opens(string process, string path)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd"))
                .Any(descriptor => new FileInfo(descriptor).LinkTarget == path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is no process.
            return false;
        }
    }
}
