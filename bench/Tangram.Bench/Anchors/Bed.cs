using System.Diagnostics;
using System.Globalization;
using Tangram.Bench.Gateway;

namespace Tangram.Bench.Anchors;

/// <summary>`tangram up` with one service, "order", whose replicas are <see cref="AnchorBackend"/>s.</summary>
internal sealed class Bed : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly Peer _peer;

    private Bed(DirectoryInfo folder, Peer peer) => (_folder, _peer) = (folder, peer);

    public string Url => _peer.Url;

    private string State => Path.Combine(_folder.FullName, "state");

    /// <param name="places">Requests that a replica works on at once; 0: all.</param>
    /// <param name="service">Keys of the service's x-tangram.</param>
    public static async Task<Bed> StartAsync(int replicas, int medianMilliseconds, int places, string service)
    {
        var folder = Directory.CreateTempSubdirectory("tangram-anchors-");
        var port = Peer.FreePort();
        var file = Path.Combine(folder.FullName, "compose.yaml");
        File.WriteAllText(file, $$"""
            name: anchors
            services:
              order:
                command: ["{{Environment.ProcessPath}}", "anchor-backend", "{{folder.FullName}}",
                  "{{medianMilliseconds}}", "{{places}}"]
                deploy: { replicas: {{replicas}} }
                x-tangram: { probe: "http:/healthz", route: { path: / }, slow_start: 0s, {{service}} }
            x-tangram:
              gateway: { listen: ["http://127.0.0.1:{{port}}"] }
            """);
        var peer = await Peer.StartAsync("Tangram", port, Path.Combine(folder.FullName, "state"), Program, "up", "-f",
            file);
        var bed = new Bed(folder, peer);
        await bed.RunAsync("deploy", "-f", file);
        return bed;
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");

    public void Mode(string mode) => File.WriteAllText(Path.Combine(_folder.FullName, "mode"), mode);

    /// <summary>Requests that all replicas got, as of a moment ago.</summary>
    public long Got() => Directory.GetFiles(_folder.FullName, "got-*")
        .Sum(file => long.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var got) ? got : 0);

    public async Task ScaleAsync(int replicas)
    {
        await RunAsync("scale", $"order={replicas}");
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var more = 5; more > 0; await looks.WaitForNextTickAsync())
            if (await ReplicasAsync() == replicas) more--;
    }

    private async Task<int> ReplicasAsync() =>
        (await RunAsync("ps")).Split('\n')
            .Count(line => line.TrimStart().StartsWith("order-", StringComparison.Ordinal));

    private async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments)
        {
            RedirectStandardOutput = true, WorkingDirectory = _folder.FullName,
        };
        start.Environment["TANGRAM_STATE"] = State;
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
    }

    public ValueTask DisposeAsync()
    {
        _peer.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
