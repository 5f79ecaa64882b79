using System.Globalization;

namespace Tangram.Deploying;

/// <summary>How many files and connections this process may have open: RLIMIT_NOFILE, which .NET raises to the hard
/// limit when it starts. Without a free one nothing works: no file can be read, no process started, and a listener of
/// Kestrel's ends. So what others can open here is limited to a part, which leaves us the rest.</summary>
internal static class OpenFiles
{
    private const string Line = "Max open files";

    /// <summary>The links of other machines, and as much for the clients of a gateway, of whom each has a connection to
    /// a replica too.</summary>
    public static int Quarter(int most) => (int)Math.Min(most, Allowed.Value / 4);

    /// <summary>For commands on this machine.</summary>
    public static int Eighth(int most) => (int)Math.Min(most, Allowed.Value / 8);

    private static readonly Lazy<long> Allowed = new(() =>
    {
        var columns = File.ReadLines("/proc/self/limits").First(line => line.StartsWith(Line, StringComparison.Ordinal))
            [Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.TryParse(columns[0], CultureInfo.InvariantCulture, out var allowed) ? allowed : long.MaxValue;
    });
}
