using System.Globalization;

namespace Tangram.Deploying;

/// <summary>How many files and connections this process may have open: RLIMIT_NOFILE, which .NET raises to the hard
/// limit when it starts.</summary>
internal static class OpenFiles
{
    private const string Line = "Max open files";

    /// <summary>At most <paramref name="most"/>, and half of what is allowed: a listener that runs out of descriptors
    /// does not listen any more, and the other half is for what we open ourselves.</summary>
    public static int Share(int most)
    {
        var columns = File.ReadLines("/proc/self/limits").First(line => line.StartsWith(Line, StringComparison.Ordinal))
            [Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.TryParse(columns[0], CultureInfo.InvariantCulture, out var limit)
            ? (int)Math.Min(most, limit / 2)
            : most;
    }
}
