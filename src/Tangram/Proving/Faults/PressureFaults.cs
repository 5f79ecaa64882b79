using System.Globalization;
using System.Runtime.InteropServices;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>As many threads as there are cores that do nothing but count.</summary>
internal sealed class BusyCores : HeldFault
{
    private readonly Thread[] _threads = new Thread[Environment.ProcessorCount];
    private volatile bool _over;
    private (long Busy, long All) _before;
    private long _ticks;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        (_before, _ticks) = (Machine(), ProcessStat.Read(Environment.ProcessId)!.Value.CpuTicks);
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Count) { IsBackground = true, Name = "pressure" };
            _threads[i].Start();
        }
        return Task.FromResult($"{_threads.Length} threads that never rest");
    }

    public override Task<string> RevertAsync(TimeProvider time)
    {
        _over = true;
        var (now, used) = (Machine(), ProcessStat.Read(Environment.ProcessId)!.Value.CpuTicks - _ticks);
        foreach (var thread in _threads) thread.Join();
        var share = (double)(now.Busy - _before.Busy) / Math.Max(1, now.All - _before.All);
        return Task.FromResult(string.Create(CultureInfo.InvariantCulture,
            $"they used {used / 100.0:0.0} s of CPU, and this machine was busy for {share:0 %} of the time"));
    }

    private void Count()
    {
        for (var n = 0UL; !_over; n++)
            if (n == ulong.MaxValue) n = 0;
    }

    /// <summary>The first line of /proc/stat, in hundredths of a second: user, nice, system, idle, iowait,
    /// others.</summary>
    public static (long Busy, long All) Machine()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        var all = fields.Sum();
        return (all - fields[3] - fields[4], all);
    }
}

/// <summary>Half of what is available is taken and written to. Should it be too much, the kernel ends us
/// first.</summary>
internal sealed unsafe class TakenMemory : HeldFault
{
    private const long Part = 16 << 20;

    private readonly List<nint> _parts = [];
    private long _before;

    public override Task<string> InjectAsync(TimeProvider time) => Task.FromResult(Take());

    private string Take()
    {
        _before = Available();
        for (var left = _before / 2; left >= Part; left -= Part)
        {
            var part = (nint)NativeMemory.Alloc((nuint)Part);
            _parts.Add(part);
            // What was never written to takes no memory.
            for (var at = 0L; at < Part; at += 4096) *(byte*)(part + at) = 1;
        }
        return $"{Megabytes(_parts.Count * Part)} taken; available {Megabytes(_before)} before and " +
            $"{Megabytes(Available())} now";
    }

    public override Task<string> RevertAsync(TimeProvider time)
    {
        var least = Available();
        foreach (var part in _parts) NativeMemory.Free((void*)part);
        _parts.Clear();
        return Task.FromResult($"available {Megabytes(least)} at the end, {Megabytes(Available())} after it");
    }

    private static string Megabytes(long bytes) => $"{bytes >> 20} MB";

    private static long Available() => 1024 * long.Parse(File.ReadLines("/proc/meminfo")
        .First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
