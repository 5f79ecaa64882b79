using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tangram.Bench.Generators;

/// <summary>A load generator: how it is told what to do, and what it says came of it.</summary>
internal abstract partial class Tool(string name)
{
    public string Name => name;

    /// <param name="P99">Milliseconds, as the tool itself reports it.</param>
    /// <param name="Threads">The CPU time of its threads, without its start, if it says so.</param>
    public sealed record Said(double Requests, double P99, double Failed, TimeSpan? Threads = null);

    /// <param name="Peak">The resident memory while it ran, in bytes, at the most.</param>
    public sealed record Run(Said Said, TimeSpan Cpu, TimeSpan Took, long Peak)
    {
        public double MicrosPerRequest => Cpu.TotalMicroseconds / Said.Requests;

        /// <summary>What it costs in the long run.</summary>
        public double MicrosOfThreads => (Said.Threads ?? Cpu).TotalMicroseconds / Said.Requests;
    }

    /// <summary>So many connections, each asking again when it is answered, on one processor.</summary>
    public abstract string[] Closed(string url, int connections, int seconds);

    /// <summary>The same at a rate; null: it has none.</summary>
    public abstract string[]? Paced(string url, int connections, int rate, int seconds);

    protected abstract string Program { get; }

    protected abstract Said Read(string text);

    public async Task<Run> RunAsync(string[] arguments)
    {
        var before = ServerCalls.CpuOfChildren();
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true };
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var (peak, ended) = (0L, process.WaitForExitAsync());
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!ended.IsCompleted && await looks.WaitForNextTickAsync()) peak = Math.Max(peak, Resident(process.Id));
        await ended;
        var text = await output;
        var took = clock.Elapsed;
        if (text.Length == 0) throw new InvalidOperationException($"{Name} said nothing but: {await errors}");
        return new Run(Read(text), ServerCalls.CpuOfChildren() - before, took, peak);
    }

    private static long Resident(int process)
    {
        try
        {
            return 1024 * File.ReadLines($"/proc/{process}/status")
                .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
                .Select(line => (long)Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]))
                .FirstOrDefault();
        }
        catch (IOException)
        {
            return 0;
        }
    }

    protected static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    protected static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public sealed partial class Wrk() : Tool("wrk")
    {
        protected override string Program => "wrk";

        public override string[] Closed(string url, int connections, int seconds) =>
            ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "10s", "--latency", url];

        public override string[]? Paced(string url, int connections, int rate, int seconds) => null;

        protected override Said Read(string text)
        {
            var (p99, errors, bad) = (P99().Match(text), Errors().Match(text), Bad().Match(text));
            var unit = p99.Groups[2].Value switch { "us" => 0.001, "ms" => 1, "s" => 1000, _ => double.NaN };
            var failed = errors.Success ? Enumerable.Range(1, 4).Sum(i => Number(errors.Groups[i].Value)) : 0;
            return new(Number(Requests().Match(text).Groups[1].Value), Number(p99.Groups[1].Value) * unit,
                failed + (bad.Success ? Number(bad.Groups[1].Value) : 0));
        }

        [GeneratedRegex(@"(\d+) requests in")]
        private static partial Regex Requests();

        [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
        private static partial Regex P99();

        [GeneratedRegex(@"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")]
        private static partial Regex Errors();

        [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
        private static partial Regex Bad();
    }

    public sealed partial class Hey() : Tool("hey")
    {
        protected override string Program => "hey";

        public override string[] Closed(string url, int connections, int seconds) =>
            ["-c", Text(connections), "-z", $"{seconds}s", "-cpus", "1", "-t", "10", url];

        public override string[] Paced(string url, int connections, int rate, int seconds) =>
            ["-q", Text(rate / connections), .. Closed(url, connections, seconds)];

        protected override Said Read(string text)
        {
            var p99 = P99().Match(text);
            return new(Answers().Matches(text).Sum(m => Number(m.Groups[2].Value)),
                p99.Success ? Number(p99.Groups[1].Value) * 1000 : double.NaN,
                Answers().Matches(text).Where(m => m.Groups[1].Value != "200").Sum(m => Number(m.Groups[2].Value))
                    + Errors().Matches(text).Sum(m => Number(m.Groups[1].Value)));
        }

        [GeneratedRegex(@"\[(\d{3})\]\s+(\d+) responses")]
        private static partial Regex Answers();

        [GeneratedRegex(@"99%+ in ([\d.]+) secs")]
        private static partial Regex P99();

        [GeneratedRegex(@"\[(\d+)\]\s+\w+ ""?http")]
        private static partial Regex Errors();
    }

    /// <param name="more">Given to it each time.</param>
    public sealed class Tangram(string name, params string[] more) : Tool(name)
    {
        protected override string Program =>
            Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");

        public override string[] Closed(string url, int connections, int seconds) =>
            ["load", url, "--users", Text(connections), "--threads", "1", .. Common(seconds)];

        public override string[] Paced(string url, int connections, int rate, int seconds) =>
            ["load", url, "--rate", Text(rate), "--connections", Text(connections), .. Common(seconds)];

        protected override Said Read(string text)
        {
            using var json = JsonDocument.Parse(text);
            var total = json.RootElement.GetProperty("total");
            double Of(string property) => total.GetProperty(property).GetDouble();
            return new(Of("ok"), total.GetProperty("latencyMs").GetProperty("p99").GetDouble(),
                Of("failed") + Of("nonSuccess"), TimeSpan.FromMilliseconds(
                    json.RootElement.GetProperty("generator").GetProperty("cpuMs").GetDouble()));
        }

        private string[] Common(int seconds) =>
            ["--duration", $"{seconds}s", "--max-failed", "1000000", "--json", .. more];
    }
}
