using System.Globalization;

namespace Tangram.Bench.Gateway;

/// <summary>What forwarding costs: Tangram as it is used, beside nginx, HAProxy and a bare YARP, in one run and in
/// turns, all towards the same backend.</summary>
internal static class GatewayBench
{
    private const int Connections = 64, WarmSeconds = 10, RoundSeconds = 4, Body = 100;
    private static readonly int[] Rates = [1_000, 4_000];

    /// <summary>The most that Tangram may cost, in CPU per forwarded request, for each of a bare YARP.</summary>
    private const double MostOverYarp = 1.05;

    private sealed record Row(string Name)
    {
        public List<double> Micros { get; } = [];
        public List<double> PerSecond { get; } = [];
        public List<double> ConnectionMicros { get; } = [];
        public List<double> ConnectionsPerSecond { get; } = [];
        public List<Load.Paced> Slow { get; } = [];
        public List<Load.Paced> Quick { get; } = [];
        public Load.Paced? First { get; set; }
        public double Megabytes { get; set; }
        public long Errors { get; set; }
    }

    /// <param name="args">How many rounds: 5 when left out.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var rounds = args is [var number, ..] ? int.Parse(number, CultureInfo.InvariantCulture) : 5;
        var folder = Directory.CreateTempSubdirectory("tangram-gateway-");
        var running = new List<Peer>();
        try
        {
            var starts = Starts(folder.FullName, await BackendAsync(folder.FullName, running));
            var rows = starts.Select(start => new Row(start.Name)).ToArray();
            // Each alone and fresh for its first second, and then all of them together for what is compared in turns.
            for (var i = 0; i < starts.Length; i++)
            {
                using var fresh = await starts[i].Start();
                rows[i].First = await Load.PacedAsync(Tangram, fresh, 500, 1);
            }
            foreach (var (_, start) in starts) running.Add(await start());
            var peers = running.TakeLast(starts.Length).ToArray();
            foreach (var peer in peers) await Load.FastAsync(peer, Connections, WarmSeconds);
            for (var round = 0; round < rounds; round++)
                for (var i = 0; i < peers.Length; i++) await RoundAsync(peers[i], rows[i]);
            for (var i = 0; i < peers.Length; i++) rows[i].Megabytes = await MemoryAsync(peers[i]);
            return Print(rows, rounds);
        }
        finally
        {
            foreach (var peer in Enumerable.Reverse(running)) peer.Dispose();
            folder.Delete(recursive: true);
        }
    }

    private static string Tangram => Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");

    private static async Task<int> BackendAsync(string folder, List<Peer> running)
    {
        var port = Peer.FreePort();
        var file = Write(folder, "backend.conf", $"backend-{port}.conf", ("port", $"{port}"));
        running.Add(await Peer.StartAsync("backend", port, folder, "nginx", "-c", file, "-g", "daemon off;"));
        return port;
    }

    private static (string Name, Func<Task<Peer>> Start)[] Starts(string folder, int backend)
    {
        var number = backend.ToString(CultureInfo.InvariantCulture);
        var conf = Write(folder, "backend.conf", "replica.conf", ("port", "@PORT@"));
        (string, Func<Task<Peer>>) Of(string name, Func<int, Task<Peer>> start) => (name, () => start(Peer.FreePort()));
        return
        [
            Of("nginx", port => Peer.StartAsync("nginx", port, folder, "nginx", "-c",
                Write(folder, "nginx.conf", "nginx.conf", ("port", $"{port}"), ("backend", number)), "-g",
                "daemon off;")),
            Of("HAProxy", port => Peer.StartAsync("HAProxy", port, folder, "haproxy", "-db", "-f",
                Write(folder, "haproxy.cfg", "haproxy.cfg", ("port", $"{port}"), ("backend", number)))),
            Of("bare YARP", port => Peer.StartAsync("bare YARP", port, folder, Environment.ProcessPath!, "bare-yarp",
                $"{port}", number)),
            Of("Tangram", port => Peer.StartAsync("Tangram", port, Path.Combine(folder, $"state-{port}"), Tangram, "up",
                "-f", Write(folder, "compose.yaml", $"compose-{port}.yaml", ("port", $"{port}"), ("conf", conf)))),
        ];
    }

    /// <summary>One of the files in <c>bench/gateway</c>, with its gaps filled.</summary>
    private static string Write(string folder, string template, string name, params (string Gap, string Value)[] gaps)
    {
        var text = File.ReadAllText(Path.Combine("bench", "gateway", template));
        foreach (var (gap, value) in gaps.Append(("folder", folder)).Append(("body", new string('x', Body))))
            text = text.Replace($"{{{gap}}}", value, StringComparison.Ordinal);
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static async Task RoundAsync(Peer peer, Row row)
    {
        var (micros, fast) = await CostAsync(peer, Connections, RoundSeconds);
        row.Micros.Add(micros);
        row.PerSecond.Add(fast.PerSecond);
        row.Errors += fast.Errors;
        var (connectionMicros, short_) = await CostAsync(peer, Connections, 2, "-H", "Connection: close");
        row.ConnectionMicros.Add(connectionMicros);
        row.ConnectionsPerSecond.Add(short_.PerSecond);
        row.Slow.Add(await Load.PacedAsync(Tangram, peer, Rates[0], 3));
        row.Quick.Add(await Load.PacedAsync(Tangram, peer, Rates[1], 3));
        row.Errors += row.Slow[^1].Failed + row.Quick[^1].Failed;
    }

    private static async Task<(double Micros, Load.Fast Load)> CostAsync(Peer peer, int connections, int seconds,
        params string[] more)
    {
        var before = peer.Cpu();
        var load = await Load.FastAsync(peer, connections, seconds, more);
        return ((peer.Cpu() - before).TotalMicroseconds / load.Requests, load);
    }

    private static async Task<double> MemoryAsync(Peer peer)
    {
        var load = Load.FastAsync(peer, 1_000, 6);
        await Task.Delay(TimeSpan.FromSeconds(4));
        var bytes = peer.Memory();
        await load;
        return bytes / 1e6;
    }

    private static int Print(Row[] rows, int rounds)
    {
        Console.WriteLine($"{rounds} rounds in turns after {WarmSeconds} s of warm-up; {Body}-byte answers, " +
            $"{Connections} kept connections; medians. Latency in ms: p50 / p99 from when each request was due.");
        Console.WriteLine("| | CPU per request | req/s | CPU per connection | conn/s | " +
            $"at {Rates[0]}/s | at {Rates[1]}/s | first second at 500/s | memory, 1,000 conn. | errors |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var row in rows)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {row.Name} | {Median(row.Micros):0.0} µs | {Median(row.PerSecond):0} | ") + string.Create(
                CultureInfo.InvariantCulture,
                $"{Median(row.ConnectionMicros):0} µs | {Median(row.ConnectionsPerSecond):0} | ") +
                $"{Of(row.Slow)} | {Of(row.Quick)} | {Of([row.First!])} | " +
                string.Create(CultureInfo.InvariantCulture, $"{row.Megabytes:0} MB | {row.Errors} |"));
        double Cost(string name) => Median(rows.Single(row => row.Name == name).Micros);
        var (overYarp, overNginx) = (Cost("Tangram") / Cost("bare YARP"), Cost("Tangram") / Cost("nginx"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"CPU per request: {overYarp:0.00} x bare YARP (at most {MostOverYarp}), {overNginx:0.00} x nginx " +
            $"(goal {28.0 / 19:0.00})"));
        return overYarp <= MostOverYarp && rows.All(row => row.Errors == 0) ? 0 : 1;
    }

    private static string Of(List<Load.Paced> runs) => string.Create(CultureInfo.InvariantCulture,
        $"{Median([.. runs.Select(r => r.P50)]):0.00} / {Median([.. runs.Select(r => r.P99)]):0.0}");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
