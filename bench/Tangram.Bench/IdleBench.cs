using System.Diagnostics;
using System.Globalization;

namespace Tangram.Bench;

/// <summary>What a cluster that does nothing costs: starts the shop in a state folder of its own, lets it settle, and
/// measures PSS and CPU of Tangram's one process over a minute.</summary>
internal static class IdleBench
{
    private const double MostMegabytes = 150, MostPercent = 3;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20), Long = TimeSpan.FromSeconds(60);

    /// <summary>USER_HZ, which Linux fixes at 100 on every common architecture.</summary>
    private const double TicksPerSecond = 100;

    public static async Task<int> RunAsync()
    {
        var state = Directory.CreateTempSubdirectory("tangram-idle-");
        var binary = Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");
        try
        {
            using var up = Start(binary, state.FullName, "up", "-f", "examples/shop/compose.yaml");
            for (string? line; (line = await up.StandardOutput.ReadLineAsync()) is not null;)
                if (line.StartsWith("ready", StringComparison.Ordinal)) break;
            if (up.HasExited) throw new InvalidOperationException("the shop did not start; is port 8080 free?");
            _ = up.StandardOutput.ReadToEndAsync();
            await Task.Delay(Settling);
            var (megabytes, percent) = await MeasureAsync(up.Id);
            using (var down = Start(binary, state.FullName, "down")) await down.WaitForExitAsync();
            await up.WaitForExitAsync();
            Console.WriteLine($"PSS {megabytes:0} MB (goal {MostMegabytes:0}), " +
                              $"CPU {percent:0.0} % of a core (goal {MostPercent:0} %)");
            return megabytes <= MostMegabytes && percent <= MostPercent ? 0 : 1;
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    private static Process Start(string binary, string state, params string[] arguments)
    {
        var start = new ProcessStartInfo(binary, arguments) { RedirectStandardOutput = true };
        start.Environment["TANGRAM_STATE"] = state;
        return Process.Start(start)!;
    }

    private static async Task<(double Megabytes, double Percent)> MeasureAsync(int pid)
    {
        var (ticks, begun) = (Ticks(pid), Stopwatch.GetTimestamp());
        await Task.Delay(Long);
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        return (Pss(pid) / 1024.0, (Ticks(pid) - ticks) / TicksPerSecond / seconds * 100);
    }

    /// <summary>User and system time: fields 14 and 15 of proc_pid_stat(5), counted after the name in
    /// parentheses.</summary>
    private static long Ticks(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture)
            + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static long Pss(int pid) => File.ReadLines($"/proc/{pid}/smaps_rollup")
        .Where(line => line.StartsWith("Pss:", StringComparison.Ordinal))
        .Select(line =>
            long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))
        .Single();
}
