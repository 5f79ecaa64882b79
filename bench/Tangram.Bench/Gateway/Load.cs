using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tangram.Bench.Gateway;

/// <summary>What is offered to each peer: by wrk as fast as it goes, or by `tangram load` at a fixed rate.</summary>
internal static partial class Load
{
    public sealed record Fast(long Requests, double PerSecond, long Errors);
    public sealed record Paced(double P50, double P99, double Max, long Failed);

    /// <summary>A closed loop: one thread, so many connections.</summary>
    public static async Task<Fast> FastAsync(Peer peer, int connections, int seconds, params string[] more)
    {
        var text = await RunAsync("wrk", ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "5s", .. more,
            peer.Url]);
        var errors = Errors().Match(text);
        var bad = Bad().Match(text);
        return new Fast(Whole(Requests().Match(text).Groups[1].Value),
            double.Parse(Rate().Match(text).Groups[1].Value, CultureInfo.InvariantCulture),
            (errors.Success ? Enumerable.Range(1, 4).Sum(i => Whole(errors.Groups[i].Value)) : 0)
                + (bad.Success ? Whole(bad.Groups[1].Value) : 0));
    }

    /// <summary>An open loop; latency in milliseconds from when each request was due.</summary>
    public static async Task<Paced> PacedAsync(string tangram, Peer peer, int rate, int seconds, int connections = 64)
    {
        var text = await RunAsync(tangram, ["load", peer.Url, "--rate", $"{rate}", "--duration", $"{seconds}s",
            "--connections", $"{connections}", "--max-failed", "1000000", "--json"]);
        using var json = JsonDocument.Parse(text);
        var total = json.RootElement.GetProperty("total");
        var latency = total.GetProperty("latencyMs");
        double Of(string name) => latency.GetProperty(name).GetDouble();
        return new Paced(Of("p50"), Of("p99"), Of("max"),
            total.GetProperty("failed").GetInt64() + total.GetProperty("nonSuccess").GetInt64());
    }

    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
    }

    private static long Whole(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")]
    private static partial Regex Errors();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex Bad();
}
