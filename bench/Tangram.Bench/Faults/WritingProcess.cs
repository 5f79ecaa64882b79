using System.Diagnostics;
using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Bench.Faults;

/// <summary>A process that writes a file of 4 KB and has it synced, a hundred times a second if the disk lets
/// it.</summary>
internal sealed class WritingProcess : Gauge, IAsyncDisposable
{
    private const double Late = 50;

    /// <summary>When each was on the disk, and how many ms it took.</summary>
    private readonly List<(long At, double Took)> _written = [];
    private readonly Process _process;
    private readonly Task _reading;

    public WritingProcess(string cluster, string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["fault-writer", folder])
        {
            RedirectStandardOutput = true, RedirectStandardInput = true,
        };
        start.Environment[ReplicaEnvironment.ClusterMark] = cluster;
        start.Environment[ReplicaEnvironment.ReplicaMark] = "web-1";
        _process = Process.Start(start)!;
        _reading = ReadAsync();
    }

    public int Pid => _process.Id;

    public override async Task<string> TakeAsync()
    {
        await PauseAsync(0.3);
        var begun = Stopwatch.GetTimestamp();
        await PauseAsync(1.2);
        List<double> some;
        lock (_written) some = [.. _written.Where(one => one.At > begun).Select(one => one.Took).Order()];
        return Words($"{some.Count} files written") + (some.Count == 0 ? "" :
            Words($", in the middle after {some[some.Count / 2]:0.00} ms, p99 {some[some.Count * 99 / 100]:0.00}"));
    }

    public override async Task<TimeSpan> LastTroubleAsync(long since)
    {
        await PauseAsync(1.5);
        lock (_written)
            return _written.Where(one => one.At > since && one.Took > Late)
                .Select(one => Stopwatch.GetElapsedTime(since, one.At)).Append(TimeSpan.Zero).Max();
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _reading;
        _process.Dispose();
    }

    /// <summary>The process itself, until its input ends.</summary>
    public static async Task<int> RunAsync(string folder)
    {
        var over = Task.Run(Console.In.ReadLine);
        while (!over.IsCompleted)
        {
            var begun = Stopwatch.GetTimestamp();
            using (var file = new FileStream(Path.Combine(folder, "written"), FileMode.Create, FileAccess.Write,
                FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                file.Write(new byte[4096]);
                file.Flush(flushToDisk: true);
            }
            Console.WriteLine(Stopwatch.GetElapsedTime(begun).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
            await PauseAsync(0.01);
        }
        return 0;
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
            lock (_written)
                _written.Add((Stopwatch.GetTimestamp(), double.Parse(line, CultureInfo.InvariantCulture)));
    }
}
