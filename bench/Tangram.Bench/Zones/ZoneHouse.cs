using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Tangram.Bench.Gateway;

namespace Tangram.Bench.Zones;

/// <summary>A server, an agent in each of three zones and a gateway in zone a, each a process, with nine replicas of
/// one service.</summary>
internal sealed class ZoneHouse : IDisposable
{
    private const string Cluster = "zonesbench";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-zones-").FullName;
    private readonly List<Process> _processes = [];
    private readonly int _server = Peer.FreePort(), _port = Peer.FreePort();

    private static string Tangram => Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");

    public Uri Url => new($"http://127.0.0.1:{_port}/");

    /// <summary>What the gateway has said so far.</summary>
    public ConcurrentQueue<string> Said { get; } = [];

    /// <param name="traffic">What stands under the service's x-tangram, beside its probe and route.</param>
    public static async Task<ZoneHouse> StartAsync(string traffic)
    {
        var house = new ZoneHouse();
        try
        {
            File.WriteAllText(Path.Combine(house._folder, "compose.yaml"), house.Compose(traffic));
            house.Start("server", "--name", "s1", "--listen", $"127.0.0.1:{house._server}");
            foreach (var zone in "abc")
                house.Start("agent", "--name", $"{zone}-1", "--zone", $"{zone}", "--listen",
                    $"127.0.0.1:{Peer.FreePort()}");
            house.Start("gateway", "--name", "g1", "--zone", "a");
            await house.ReadyAsync();
            return house;
        }
        catch
        {
            house.Dispose();
            throw;
        }
    }

    /// <summary>From now on a zone's answers take so many milliseconds; null: as usual.</summary>
    public void Slow(char zone, double? milliseconds)
    {
        var file = Path.Combine(_folder, $"{zone}");
        if (milliseconds is not { } median)
        {
            File.Delete(file);
            return;
        }
        // Replaced at once: a replica shall not read half of it.
        File.WriteAllText(file + ".new", median.ToString(CultureInfo.InvariantCulture));
        File.Move(file + ".new", file, overwrite: true);
    }

    private string Compose(string traffic) => $$"""
        name: {{Cluster}}
        services:
          web:
            command: ["{{Environment.ProcessPath}}", zone-replica, "{{_folder}}"]
            stop_grace_period: 1s
            deploy: { replicas: 9, update_config: { monitor: 1s } }
            x-tangram: { probe: "http:/healthz", route: { path: / }{{traffic}} }
        x-tangram:
          zones: [a, b, c]
          gateway: { listen: ["http://127.0.0.1:{{_port}}"] }
        """;

    private void Start(string role, params string[] arguments)
    {
        var process = Run([role, "--cluster", Cluster, "--server", $"127.0.0.1:{_server}", .. arguments],
            State(role + arguments[1]));
        _processes.Add(process);
        process.OutputDataReceived += (_, line) =>
        {
            if (role == "gateway" && line.Data is { } text) Said.Enqueue(text);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private string State(string name) => Path.Combine(_folder, name);

    private static Process Run(IEnumerable<string> arguments, string state)
    {
        var start = new ProcessStartInfo(Tangram, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["TANGRAM_STATE"] = state;
        return Process.Start(start)!;
    }

    /// <summary>Deploys as soon as there is a leader, and waits for an answer.</summary>
    private async Task ReadyAsync()
    {
        using var http = new HttpClient();
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        var deployed = false;
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < Patience;)
        {
            if (!deployed) deployed = await DeployAsync();
            try
            {
                if (deployed && (await http.GetAsync(Url)).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await looks.WaitForNextTickAsync();
        }
        throw new InvalidOperationException("the cluster does not become ready");
    }

    private async Task<bool> DeployAsync()
    {
        using var deploy = Run(["deploy", "-f", Path.Combine(_folder, "compose.yaml")], State("servers1"));
        var read = Task.WhenAll(deploy.StandardOutput.ReadToEndAsync(), deploy.StandardError.ReadToEndAsync());
        await deploy.WaitForExitAsync();
        await read;
        return deploy.ExitCode == 0;
    }

    public void Dispose()
    {
        // First those who would start again what ends, then what they left.
        foreach (var process in _processes)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        foreach (var replica in Process.GetProcessesByName(Path.GetFileName(Environment.ProcessPath!)))
            using (replica)
                if (replica.Id != Environment.ProcessId && IsOurs(replica.Id)) replica.Kill();
        Directory.Delete(_folder, recursive: true);
    }

    private bool IsOurs(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains(_folder, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
