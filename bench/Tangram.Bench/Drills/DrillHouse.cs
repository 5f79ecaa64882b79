using System.Diagnostics;
using Tangram.Bench.Gateway;
using Tangram.Proving.Drills;

namespace Tangram.Bench.Drills;

/// <summary>Six replicas of one service over three zones, by `tangram up` in a folder of its own.</summary>
internal sealed class DrillHouse : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-drills-").FullName;
    private readonly int _port = Peer.FreePort();
    private readonly string _cluster;

    private DrillHouse(int number) => _cluster = $"drills-{Environment.ProcessId}-{number}";

    private static string Tangram => Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");

    private string ComposeFile => Path.Combine(_folder, "compose.yaml");

    public static async Task<DrillHouse> StartAsync(int number)
    {
        var house = new DrillHouse(number);
        try
        {
            File.WriteAllText(house.ComposeFile, house.Compose());
            var (code, printed) = await house.RunAsync("up", "--detach", "-f", house.ComposeFile);
            return code == 0 ? house : throw new InvalidOperationException(printed);
        }
        catch
        {
            house.Dispose();
            throw;
        }
    }

    /// <summary>Holds a drill to its end.</summary>
    public async Task<DrillResult> DrillAsync(params string[] arguments)
    {
        var (_, printed) = await RunAsync(["drill", .. arguments, "--json", "-f", ComposeFile]);
        return printed.Contains("\"verdict\"", StringComparison.Ordinal)
            ? DrillJson.Read(printed[printed.IndexOf('{', StringComparison.Ordinal)..])
            : throw new InvalidOperationException(printed);
    }

    /// <summary>How the cluster is, and why, in its own words.</summary>
    public async Task<string> StateAsync() =>
        (await RunAsync("why", "-f", ComposeFile)).Printed + (await RunAsync("ps", "-f", ComposeFile)).Printed +
        string.Join('\n', (await RunAsync("events", "-f", ComposeFile)).Printed.Split('\n')[^40..]);

    public void Dispose()
    {
        RunAsync("down", "-f", ComposeFile).GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    private string Compose() => $$"""
        name: {{_cluster}}
        services:
          web:
            command: ["{{Environment.ProcessPath}}", zone-replica, "{{_folder}}"]
            stop_grace_period: 1s
            deploy: { replicas: 6, update_config: { monitor: 1s } }
            x-tangram: { probe: "http:/healthz", route: { path: / } }
        x-tangram:
          zones: [a, b, c]
          objectives: { availability: 99.99%, recovery_time: 15s }
          gateway: { listen: ["http://127.0.0.1:{{_port}}"] }
        """;

    private async Task<(int Code, string Printed)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Tangram, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder,
        };
        start.Environment["TANGRAM_STATE"] = _folder;
        using var process = Process.Start(start)!;
        var read = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(read));
    }
}
