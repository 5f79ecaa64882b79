using System.Globalization;
using Tangram.Bench.Gateway;

namespace Tangram.Bench.Generators;

/// <summary>`tangram load` beside wrk and hey, in one run: what a request costs each of them, what each says of a
/// server that stands still for a second, what a user costs, and how many connections one of it holds.</summary>
internal static class LoadBench
{
    private const int Connections = 64, Seconds = 15, WarmSeconds = 2, Body = 100;
    private const int StallConnections = 10, StallRate = 1_000, StallSeconds = 8, StallsAfter = 3;
    private const int Users = 5_000, UserSeconds = 6, Idle = 50_000, IdleSeconds = 40;

    /// <summary>Requests per second of processor time, for each that wrk makes.</summary>
    private const double Goal = 1.0;

    /// <summary>Bytes of the generator's memory.</summary>
    private const long MostPerUser = 4096;

    private static readonly Tool[] Tools = [new Tool.Wrk(), new Tool.Hey(), new Tool.Tangram("tangram load")];

    /// <param name="args">How many rounds: 5 when left out.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var rounds = args is [var number, ..] ? int.Parse(number, CultureInfo.InvariantCulture) : 5;
        var folder = Directory.CreateTempSubdirectory("tangram-load-");
        try
        {
            using var nginx = await NginxAsync(folder.FullName);
            var held = await CostAsync(nginx.Url, rounds);
            held &= await StallAsync(folder.FullName);
            held &= await UsersAsync(nginx.Url);
            return await IdleAsync(folder.FullName) && held ? 0 : 1;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<bool> CostAsync(string url, int rounds)
    {
        var runs = Tools.ToDictionary(tool => tool, _ => new List<Tool.Run>());
        foreach (var tool in Tools) await tool.RunAsync(tool.Closed(url, Connections, WarmSeconds));
        for (var round = 0; round < rounds; round++)
            foreach (var tool in Tools) runs[tool].Add(await tool.RunAsync(tool.Closed(url, Connections, Seconds)));
        Say($"{rounds} rounds of {Seconds} s by turns against nginx, {Connections} connections, {Body}-byte " +
            "answers, one thread each; medians. CPU is user and system time of the generator's process, from start " +
            "to end.");
        Say("");
        Say("| | requests/s | CPU per request | without its start | requests per CPU second " +
            "| p99 it reports | failed |");
        Say("|---|---|---|---|---|---|---|");
        double Cost(Tool tool) => Median(runs[tool].Select(r => r.MicrosPerRequest));
        foreach (var tool in Tools)
            Say($"| {tool.Name} | {Median(runs[tool].Select(r => r.Said.Requests / Seconds)):0} " +
                $"| {Cost(tool):0.00} µs | {Median(runs[tool].Select(r => r.MicrosOfThreads)):0.00} µs " +
                $"| {1e6 / Cost(tool):0} " +
                $"| {Median(runs[tool].Select(r => r.Said.P99)):0.00} ms | {runs[tool].Sum(r => r.Said.Failed)} |");
        var ratios = Enumerable.Range(0, rounds)
            .Select(i => runs[Tools[0]][i].MicrosPerRequest / runs[Tools[^1]][i].MicrosPerRequest).ToArray();
        Say("");
        Say($"tangram load for each of wrk, requests per CPU second, round by round: " +
            $"{string.Join(", ", ratios.Select(r => $"{r:0.00}"))} (goal: {Goal:0.0} in the middle)");
        Say("");
        return Median(ratios) >= Goal;
    }

    private static async Task<bool> StallAsync(string folder)
    {
        // Of requests that come at an even rate, those of one second wait for what is left of it.
        var truth = 1000 - 0.01 * StallSeconds * 1000;
        Say($"A server that stands still for 1 s in {StallSeconds} s; {StallConnections} connections, " +
            $"{StallRate}/s where the tool has a rate. Of users who come at an even rate, 1 in 100 " +
            $"waits {truth:0} ms or more.");
        Say("");
        Say("| | requests | p99 it reports |");
        Say("|---|---|---|");
        var last = 0.0;
        foreach (var tool in Tools)
            foreach (var paced in new[] { false, true })
            {
                using var server = await ServerAsync(folder, 1, Text(StallsAfter));
                var arguments = paced ? tool.Paced(server.Url, StallConnections, StallRate, StallSeconds)
                    : tool.Closed(server.Url, StallConnections, StallSeconds);
                if (arguments is null) continue;
                var run = await tool.RunAsync(arguments);
                var how = paced ? $" at {StallRate}/s" : "";
                Say($"| {tool.Name}{how} | {run.Said.Requests:0} | {run.Said.P99:0.0} ms |");
                last = run.Said.P99;
            }
        Say("");
        return Math.Abs(last - truth) < truth / 10;
    }

    private static async Task<bool> UsersAsync(string url)
    {
        Say($"{Users} users against nginx, each asking again when it is answered: resident memory at its " +
            "highest, less that with one user, for each user.");
        Say("");
        Say("| | with 1 | with 5,000 | for each user | failed |");
        Say("|---|---|---|---|---|");
        var last = 0.0;
        foreach (var tool in Tools)
        {
            var one = await tool.RunAsync(tool.Closed(url, 1, UserSeconds / 2));
            var many = await tool.RunAsync(tool.Closed(url, Users, UserSeconds));
            last = (many.Peak - one.Peak) / (double)(Users - 1);
            Say($"| {tool.Name} | {one.Peak / 1e6:0.0} MB | {many.Peak / 1e6:0.0} MB | {last:0} bytes " +
                $"| {many.Said.Failed} |");
        }
        Say("");
        return last < MostPerUser;
    }

    private static async Task<bool> IdleAsync(string folder)
    {
        using var server = await ServerAsync(folder, threads: 4);
        var tool = new Tool.Tangram("tangram load", "--think", "20s", "--timeout", "30s");
        var none = await tool.RunAsync(tool.Closed(server.Url, 1, 1));
        var (most, running) = (0, tool.RunAsync(tool.Closed(server.Url, Idle, IdleSeconds)));
        using var http = new HttpClient();
        using var looks = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (!running.IsCompleted && await looks.WaitForNextTickAsync())
        {
            var open = await http.GetStringAsync($"{server.Url}open");
            most = Math.Max(most, int.Parse(open, CultureInfo.InvariantCulture));
        }
        var run = await running;
        Say($"{Idle} users who think for 20 s, so of whom nearly all are idle; one generator, one server: " +
            $"{most} connections open at the server, {run.Said.Requests:0} requests, {run.Said.Failed} failed, " +
            $"{(run.Peak - none.Peak) / (double)Idle:0} bytes of the generator for each connection, " +
            $"{run.Cpu / run.Took:0.00} of a processor, p99 {run.Said.P99:0.0} ms");
        return most >= Idle && run.Said.Failed == 0;
    }

    private static Task<Peer> NginxAsync(string folder)
    {
        var port = Peer.FreePort();
        var file = Path.Combine(folder, "backend.conf");
        File.WriteAllText(file, File.ReadAllText(Path.Combine("bench", "gateway", "backend.conf"))
            .Replace("{folder}", folder, StringComparison.Ordinal)
            .Replace("{port}", Text(port), StringComparison.Ordinal)
            .Replace("{body}", new string('x', Body), StringComparison.Ordinal));
        return Peer.StartAsync("nginx", port, folder, "nginx", "-c", file, "-g", "daemon off;");
    }

    private static Task<Peer> ServerAsync(string folder, int threads, params string[] stalls)
    {
        var port = Peer.FreePort();
        return Peer.StartAsync("server", port, folder, Environment.ProcessPath!,
            ["load-server", Text(port), Text(threads), .. stalls]);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    private static void Say(string line) => Console.WriteLine(line);
}
