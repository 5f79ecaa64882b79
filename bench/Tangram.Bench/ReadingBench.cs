using System.Diagnostics;
using System.Text;

namespace Tangram.Bench;

/// <summary>How long <c>tangram config</c> and <c>tangram plan</c> take with a file of 10,000 services, and the most
/// memory that their processes hold, as the kernel counts it.</summary>
internal static class ReadingBench
{
    private const int Services = 10_000, Runs = 3;
    private static readonly TimeSpan Goal = TimeSpan.FromSeconds(15);
    private const double GoalMegabytes = 1000;

    public static int Run()
    {
        var folder = Directory.CreateTempSubdirectory("tangram-reading-").FullName;
        try
        {
            var file = Path.Combine(folder, "compose.yaml");
            File.WriteAllText(file, Text());
            var good = true;
            foreach (var command in (string[])["config", "plan"])
            {
                var runs = Enumerable.Range(0, Runs).Select(_ => Measured(command, file, folder)).ToList();
                var (took, megabytes) = (runs.Min(run => run.Took), runs.Max(run => run.Megabytes));
                Console.WriteLine($"{command,-6}  {Services:N0} services, {new FileInfo(file).Length / 1e6:0.0} MB  " +
                    $"{took.TotalSeconds:0.0} s (goal {Goal.TotalSeconds:0}), best of {Runs}  " +
                    $"peak {megabytes:0} MB (goal {GoalMegabytes:0})");
                good &= took <= Goal && megabytes <= GoalMegabytes && runs.All(run => run.Exit == 0);
            }
            return good ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Three replicas of each, every one needing the one before it.</summary>
    public static string Text()
    {
        var text = new StringBuilder("name: many\nx-tangram: { zones: [a, b, c] }\nservices:\n");
        for (var n = 0; n < Services; n++)
            text.Append($"  s{n}:\n    command: [serve, --name, \"s{n}\"]\n")
                .Append($"    environment: {{ LEVEL: info, STOCK: \"{n}\", URL: \"http://example.test/s{n}\" }}\n")
                .Append(n == 0 ? "" : $"    depends_on: [s{n - 1}]\n")
                .Append("    deploy: { replicas: 3, resources: { limits: { cpus: \"0.5\", memory: 256M } } }\n")
                .Append($"    x-tangram: {{ route: {{ path: /s{n} }}, probe: http:/healthz }}\n");
        return text.ToString();
    }

    private static (TimeSpan Took, double Megabytes, int Exit) Measured(string command, string file, string folder)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram"),
            [command, "-f", file]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TANGRAM_STATE"] = folder;
        var begun = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var (peak, errors) = (0L, process.StandardError.ReadToEndAsync());
        var buffer = new char[1 << 16];
        var printed = process.StandardOutput.ReadAsync(buffer, 0, buffer.Length);
        for (var ended = false; !ended;)
        {
            ended = process.WaitForExit(20);
            while (printed.IsCompleted && printed.Result > 0)
                printed = process.StandardOutput.ReadAsync(buffer, 0, buffer.Length);
            if (!ended) peak = Math.Max(peak, Peak(process.Id));
        }
        if (process.ExitCode != 0) Console.WriteLine(errors.Result);
        return (Stopwatch.GetElapsedTime(begun), peak / 1024.0, process.ExitCode);
    }

    /// <summary>VmHWM, which the kernel keeps itself, in kB: only its last growth can be missed.</summary>
    private static long Peak(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status")
                .FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(new string([.. line.Where(char.IsAsciiDigit)]));
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
