using System.Runtime.InteropServices;

namespace Tangram.Proving;

/// <summary>Waits for a moment to within about 0.1 ms, which the platform's timers (1 ms and more) cannot. Blocks its
/// thread, so it wants one of its own.</summary>
internal sealed partial class LoadPace(TimeProvider time, CancellationToken cancellation)
{
    /// <summary>How soon a cancelled wait ends.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(50);
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>False when it was cancelled first. A moment that has passed is not waited for.</summary>
    public bool WaitUntil(TimeSpan moment)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var left = moment - Now;
            if (left <= TimeSpan.Zero) return true;
            Rest(left < Longest ? left : Longest);
        }
        return false;
    }

    private void Rest(TimeSpan span)
    {
        if (OperatingSystem.IsWindows())
        {
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1));
            return;
        }
        var wanted = new TimeSpec(span.Seconds, (nint)(span.Ticks % TimeSpan.TicksPerSecond * 100));
        // Interrupted early is fine: the caller looks at the clock again.
        _ = NanoSleep(wanted, 0);
    }

    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(in TimeSpec wanted, nint left);
}
