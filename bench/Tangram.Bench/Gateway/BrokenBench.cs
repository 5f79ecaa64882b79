using System.Diagnostics;
using System.Globalization;
using Tangram.Observing;

namespace Tangram.Bench.Gateway;

/// <summary>Six backends, of which one begins to answer 500 half of the time, another to take 2 s, a third to refuse
/// connections: what clients of Tangram, nginx and HAProxy see. All of them use the same six, by turns.</summary>
internal static class BrokenBench
{
    private const int Rate = 300, Backends = 6, HealthySeconds = 5;

    /// <summary>What of safe requests must succeed through Tangram.</summary>
    private const double Least = 99.9;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(12);

    private sealed record Result(string Name, long Sent, long Failed, double P50, double P99);

    private static string Tangram => Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");

    /// <param name="args">Seconds of each turn with the three broken: 30 when left out.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args is [var number, ..] ? int.Parse(number, CultureInfo.InvariantCulture) : 30;
        var folder = Directory.CreateTempSubdirectory("tangram-broken-").FullName;
        var running = new List<Peer>();
        try
        {
            var state = Path.Combine(folder, "state");
            var port = Peer.FreePort();
            var file = Write(folder, "broken.yaml", "compose.yaml", ("port", $"{port}"),
                ("program", Environment.ProcessPath!));
            running.Add(await Peer.StartAsync("Tangram", port, state, Tangram, "up", "-f", file));
            var ports = await ReadyAsync(state, file);
            foreach (var (name, start) in Others(folder, ports)) running.Add(await start(name));
            var results = new List<Result>();
            foreach (var peer in running)
            {
                foreach (var backend in ports) Become(folder, backend, Breakage.None);
                await ReadyAsync(state, file);
                await Task.Delay(Rest);
                results.Add(await TurnAsync(peer, folder, ports, seconds));
            }
            return Print(results, seconds);
        }
        finally
        {
            foreach (var peer in Enumerable.Reverse(running)) peer.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Result> TurnAsync(Peer peer, string folder, string[] ports, int seconds)
    {
        var load = Load.RunAsync(Tangram, ["load", peer.Url, "--rate", $"{Rate}", "--duration",
            $"{HealthySeconds + seconds}s", "--max-failed", "1000000", "--json"]);
        await Task.Delay(TimeSpan.FromSeconds(HealthySeconds));
        Become(folder, ports[0], Breakage.HalfFail);
        Become(folder, ports[1], Breakage.Slow);
        Become(folder, ports[2], Breakage.Refuses);
        using var json = System.Text.Json.JsonDocument.Parse(await load);
        var total = json.RootElement.GetProperty("total");
        var latency = total.GetProperty("latencyMs");
        long Count(string name) => total.GetProperty(name).GetInt64();
        return new Result(peer.Name, Count("sent"), Count("failed") + Count("nonSuccess"),
            latency.GetProperty("p50").GetDouble(), latency.GetProperty("p99").GetDouble());
    }

    private static void Become(string folder, string port, Breakage breakage) =>
        File.WriteAllText(BrokenBackend.FileOf(folder, port), $"{breakage}");

    private static (string Name, Func<string, Task<Peer>> Start)[] Others(string folder, string[] ports)
    {
        var nginx = string.Concat(ports.Select(port => $"        server 127.0.0.1:{port};\n"));
        var haproxy = string.Concat(ports.Select(port => $"    server s{port} 127.0.0.1:{port}\n"));
        (string, Func<string, Task<Peer>>) Nginx(string variant, string retry) => ($"nginx{variant}", name =>
        {
            var port = Peer.FreePort();
            return Peer.StartAsync(name, port, folder, "nginx", "-c", Write(folder, "broken-nginx.conf",
                $"nginx-{port}.conf", ("port", $"{port}"), ("servers", nginx), ("retry", retry)), "-g", "daemon off;");
        });
        (string, Func<string, Task<Peer>>) HaProxy(string variant, string retry, string balance) =>
            ($"HAProxy{variant}", name =>
            {
                var port = Peer.FreePort();
                return Peer.StartAsync(name, port, folder, "haproxy", "-db", "-f", Write(folder, "broken-haproxy.cfg",
                    $"haproxy-{port}.cfg", ("port", $"{port}"), ("servers", haproxy), ("retry", retry),
                    ("balance", balance)));
            });
        return
        [
            Nginx("", ""),
            Nginx(", next upstream on 500 too", "proxy_next_upstream error timeout http_500;"),
            HaProxy("", "", "roundrobin"),
            HaProxy(", leastconn, retry on all retryable errors", "retry-on all-retryable-errors", "leastconn"),
        ];
    }

    private static string Write(string folder, string template, string name, params (string Gap, string Value)[] gaps)
    {
        var text = File.ReadAllText(Path.Combine("bench", "gateway", template));
        foreach (var (gap, value) in gaps.Append(("folder", folder)))
            text = text.Replace($"{{{gap}}}", value, StringComparison.Ordinal);
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The ports of the six, once all of them are ready.</summary>
    private static async Task<string[]> ReadyAsync(string state, string file)
    {
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(60);)
        {
            var start = new ProcessStartInfo(Tangram, ["ps", "-f", file, "--json"]) { RedirectStandardOutput = true };
            start.Environment["TANGRAM_STATE"] = state;
            using var process = Process.Start(start)!;
            var text = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (process.ExitCode == 0 && ViewJson.Read<ReplicaView[]>(text) is { Length: Backends } all
                && all.All(replica => replica is { Ready: true, Port: not null }))
                return [.. all.Select(replica => replica.Port!.Value.ToString(CultureInfo.InvariantCulture)).Order()];
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
        throw new InvalidOperationException($"the {Backends} replicas do not become ready");
    }

    private static int Print(List<Result> results, int seconds)
    {
        Console.WriteLine($"{Rate} GETs/s; {HealthySeconds} s with six healthy backends (5 ms), then {seconds} s in " +
            "which one answers 500 half of the time, one takes 2 s and one refuses connections.");
        Console.WriteLine("| | requests | failed | success | p50 | p99 |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var r in results)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {r.Name} | {r.Sent:#,0} | {r.Failed:#,0} | {Success(r):0.00} % | ") + string.Create(
                CultureInfo.InvariantCulture, $"{r.P50:0.0} ms | {r.P99:0.0} ms |"));
        var own = Success(results.Single(r => r.Name == "Tangram"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Tangram: {own:0.00} %, at least {Least} %"));
        return own >= Least ? 0 : 1;
    }

    private static double Success(Result r) => 100.0 * (r.Sent - r.Failed) / r.Sent;
}
