using System.Globalization;
using System.Text;

namespace Tangram.Deploying;

/// <summary>What the kernel says of one process in <c>/proc/PID/stat</c>.</summary>
/// <param name="StartTime">Field 22: clock ticks since boot. With the pid and the boot id it names one process for
/// good.</param>
/// <param name="CpuTicks">Fields 14 to 17: what it has used, and what its children that have ended had; hundredths of a
/// second.</param>
/// <param name="Pages">Field 24: what is resident.</param>
/// <param name="ExitStatus">Field 52, of a process that has ended: as waitpid gives it; 0 when we may not know.</param>
internal readonly record struct ProcessStat(
    int Pid, char State, int Parent, int Group, int Session, long StartTime, int ExitStatus,
    long CpuTicks, long Pages)
{
    /// <summary>A zombie has ended and holds nothing but its number; <c>kill(pid, 0)</c> cannot tell.</summary>
    public bool Ended => State is 'Z' or 'X';

    public static string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Null when there is no such process.</summary>
    public static ProcessStat? Read(int pid)
    {
        try
        {
            return Parse(pid, File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static IEnumerable<ProcessStat> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), out var pid) && Read(pid) is { } stat)
                yield return stat;
    }

    /// <summary>The environment that the process was started with, each entry NAME=VALUE; empty when it may not be
    /// read (another user's) or is gone.</summary>
    public static IReadOnlyList<string> EnvironmentOf(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/environ"))
                .Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // The program's name stands in parentheses and may itself contain blanks and parentheses: count from the last one.
    internal static ProcessStat? Parse(int pid, string text)
    {
        var close = text.LastIndexOf(')');
        if (close < 0) return null;
        var fields = text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 50
            ? null
            : new ProcessStat(pid, fields[0][0], Number(fields[1]), Number(fields[2]), Number(fields[3]),
                Long(fields[19]), Number(fields[49]),
                Long(fields[11]) + Long(fields[12]) + Long(fields[13]) + Long(fields[14]), Long(fields[21]));
    }

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
