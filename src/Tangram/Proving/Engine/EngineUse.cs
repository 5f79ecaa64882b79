using System.Globalization;

namespace Tangram.Proving.Engine;

/// <summary>What a thread has used of a processor, and how long it was ready to run and had none.</summary>
internal readonly record struct EngineUse(TimeSpan Cpu, TimeSpan Queued, TimeSpan At)
{
    /// <summary>The calling thread's. The kernel may not count the waiting (schedstat); then it is zero.</summary>
    public static EngineUse OfThisThread() => new(EngineCalls.CpuOfThisThread(), Queue(), EngineCalls.Uptime());

    public (TimeSpan Cpu, double Busy) Since(EngineUse before)
    {
        var (cpu, span) = (Cpu - before.Cpu, At - before.At);
        return (cpu, span <= TimeSpan.Zero ? 0 : Math.Min(1, (cpu + Queued - before.Queued) / span));
    }

    /// <summary>Nanoseconds in the second of three fields.</summary>
    private static TimeSpan Queue()
    {
        try
        {
            var fields = File.ReadAllText("/proc/thread-self/schedstat").Split(' ');
            return TimeSpan.FromTicks(long.Parse(fields[1], CultureInfo.InvariantCulture) / 100);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException
            or IndexOutOfRangeException)
        {
            return TimeSpan.Zero;
        }
    }
}
