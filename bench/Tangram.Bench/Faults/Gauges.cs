using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tangram.Bench.Gateway;
using Tangram.Deploying;

namespace Tangram.Bench.Faults;

/// <summary>Measures from outside what a fault does.</summary>
internal abstract class Gauge
{
    /// <summary>Takes about a second.</summary>
    public abstract Task<string> TakeAsync();

    /// <summary>How long after that moment there was trouble still.</summary>
    public abstract Task<TimeSpan> LastTroubleAsync(long since);

    protected static Task PauseAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);

    protected static string Words(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>Looks until it is well.</summary>
    protected static async Task<TimeSpan> UntilAsync(Func<bool> isWell, long since)
    {
        while (!isWell()) await PauseAsync(0.001);
        return Stopwatch.GetElapsedTime(since);
    }
}

/// <summary>A process that is asked a hundred times a second.</summary>
internal sealed class AskedProcess : Gauge, IAsyncDisposable
{
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(50);

    private sealed record Ping(long Sent)
    {
        public long Answered { get; set; }
        public bool Opens { get; set; }
        public bool Maps { get; set; }

        /// <summary>By which its clock is ahead.</summary>
        public TimeSpan Off { get; set; }
        public bool Well => Answered > 0 && Stopwatch.GetElapsedTime(Sent, Answered) <= Late && Opens && Maps
            && Off.Duration() < TimeSpan.FromSeconds(1);
    }

    private readonly List<Ping> _pings = [];
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Process _process;
    private readonly Task _asking;
    private volatile bool _over;

    public AskedProcess(string cluster)
    {
        var port = Peer.FreePort();
        var start = new ProcessStartInfo(Environment.ProcessPath!,
            ["fault-target", port.ToString(CultureInfo.InvariantCulture)]);
        start.Environment[ReplicaEnvironment.ClusterMark] = cluster;
        start.Environment[ReplicaEnvironment.ReplicaMark] = "web-1";
        _process = Process.Start(start)!;
        _socket.Connect(IPAddress.Loopback, port);
        _socket.ReceiveTimeout = 100;
        new Thread(Hear) { IsBackground = true }.Start();
        _asking = Task.Run(AskAsync);
    }

    public int Pid => _process.Id;
    public bool HasExited => _process.HasExited;

    public async Task ReadyAsync()
    {
        while (true)
        {
            lock (_pings) if (_pings.Count > 20 && _pings[^10].Well) return;
            await PauseAsync(0.05);
        }
    }

    public override async Task<string> TakeAsync()
    {
        var from = Count();
        await PauseAsync(1.2);
        var to = Count() - 10;
        List<Ping> some;
        lock (_pings) some = _pings[from..to];
        var came = some.Where(p => p.Answered > 0 && Stopwatch.GetElapsedTime(p.Sent, p.Answered) <= Late).ToList();
        return Words($"{Share(came.Count, some.Count)} answered") + (came.Count == 0 ? "" :
            Words($", of these {Share(came.Count(p => p.Opens), came.Count)} opened a file and ") +
            Words($"{Share(came.Count(p => p.Maps), came.Count)} mapped memory; its clock was ") +
            Words($"{came.Select(p => p.Off.TotalSeconds).Order().ElementAt(came.Count / 2):0.0} s ahead"));
    }

    public override async Task<TimeSpan> LastTroubleAsync(long since)
    {
        await PauseAsync(1.5);
        lock (_pings)
            return _pings.SkipLast(10).Where(p => p.Sent > since && !p.Well)
                .Select(p => Stopwatch.GetElapsedTime(since, p.Sent)).Append(TimeSpan.Zero).Max();
    }

    public async ValueTask DisposeAsync()
    {
        _over = true;
        await _asking;
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
        _socket.Dispose();
    }

    private int Count() { lock (_pings) return _pings.Count; }

    private static string Share(int count, int of) => Words($"{100.0 * count / Math.Max(1, of):0} %");

    private async Task AskAsync()
    {
        var bytes = new byte[6];
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!_over)
        {
            lock (_pings)
            {
                BitConverter.TryWriteBytes(bytes, _pings.Count);
                _pings.Add(new Ping(Stopwatch.GetTimestamp()));
            }
            try { _socket.Send(bytes); }
            catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
            await ticks.WaitForNextTickAsync();
        }
    }

    private void Hear()
    {
        var bytes = new byte[100];
        while (!_over)
            try
            {
                if (_socket.Receive(bytes) != 14) continue;
                lock (_pings)
                {
                    var ping = _pings[BitConverter.ToInt32(bytes)];
                    (ping.Answered, ping.Opens, ping.Maps, ping.Off) = (Stopwatch.GetTimestamp(), bytes[4] == 1,
                        bytes[5] == 1, TimeSpan.FromTicks(BitConverter.ToInt64(bytes, 6) - DateTime.UtcNow.Ticks));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
    }
}

/// <summary>How busy this machine is, by the first line of /proc/stat.</summary>
internal sealed class BusyGauge : Gauge
{
    public override async Task<string> TakeAsync()
    {
        var before = Machine();
        await PauseAsync(1.2);
        var now = Machine();
        return Words($"busy {100.0 * (now.Busy - before.Busy) / (now.All - before.All):0} % of the time");
    }

    /// <summary>Its threads are gone with the process; what others do is not its trouble.</summary>
    public override Task<TimeSpan> LastTroubleAsync(long since) => Task.FromResult(TimeSpan.Zero);

    private static (long Busy, long All) Machine()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return (fields.Sum() - fields[3] - fields[4], fields.Sum());
    }
}

internal sealed class MemoryGauge : Gauge
{
    private readonly long _before = Available();

    public override Task<string> TakeAsync() => Task.FromResult(Words($"{Available() >> 20} MB available"));

    /// <summary>Until nine tenths of what was available are again.</summary>
    public override Task<TimeSpan> LastTroubleAsync(long since) =>
        UntilAsync(() => Available() > _before * 0.9, since);

    private static long Available() => 1024 * long.Parse(File.ReadLines("/proc/meminfo")
        .First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}

/// <summary>Files of 4 KB that are written and synced.</summary>
internal sealed class DiskGauge(string folder, TimeSpan late) : Gauge
{
    public override async Task<string> TakeAsync()
    {
        var (times, failed, begun) = (new List<double>(), 0, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(begun).TotalSeconds < 1.2)
        {
            if (Written() is { } took) times.Add(took.TotalMilliseconds);
            else failed++;
            await PauseAsync(0.01);
        }
        times.Sort();
        return Words($"{new DriveInfo(folder).AvailableFreeSpace >> 10} KB free; {times.Count} of ") +
            Words($"{times.Count + failed} files written") + (times.Count == 0 ? "" : ", in the middle after " +
                Words($"{times[times.Count / 2]:0.00} ms, p99 {times[times.Count * 99 / 100]:0.00}"));
    }

    public override Task<TimeSpan> LastTroubleAsync(long since) =>
        UntilAsync(() => Written() is { } took && took <= late, since);

    /// <summary>A new file each time: one that is written anew gets the room that it had.</summary>
    private TimeSpan? Written()
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            using var file = new FileStream(Path.Combine(folder, "probe"), FileMode.CreateNew, FileAccess.Write,
                FileShare.None, 1, FileOptions.DeleteOnClose);
            file.Write(new byte[4096]);
            file.Flush(flushToDisk: true);
            return Stopwatch.GetElapsedTime(begun);
        }
        catch (IOException) { return null; }
    }
}
