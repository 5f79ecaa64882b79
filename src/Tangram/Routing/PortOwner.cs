using System.Globalization;

namespace Tangram.Routing;

/// <summary>A port that could not be listened on, and by whom it is held as far as this user may see.</summary>
internal sealed record TakenPort(Listener Listener, int? Pid, string? Program, string Because)
{
    public override string ToString() => Pid is null
        ? $"{Listener}: {Because}"
        : $"{Listener}: {Because}: process {Pid} ({Program}) listens there";
}

/// <summary>Who listens on a TCP port, read from <c>/proc</c>.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <summary>Null when nobody listens there, or when it is another user's process and this one may not
    /// look.</summary>
    public static (int Pid, string Program)? Find(int port)
    {
        var sockets = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.SelectMany(Lines)
            .Select(line => Inode(line, port)).OfType<string>().Select(inode => $"socket:[{inode}]").ToHashSet();
        if (sockets.Count == 0) return null;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)
                && Holds(folder, sockets))
                return (pid, Lines(Path.Combine(folder, "comm")).FirstOrDefault() ?? "?");
        return null;
    }

    /// <summary>Of a line of <c>/proc/net/tcp</c>: columns are number, local, remote, state, …, and the tenth is the
    /// inode.</summary>
    private static string? Inode(string line, int port)
    {
        var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns.Length > 9 && columns[3] == Listening
               && columns[1].EndsWith($":{port:X4}", StringComparison.Ordinal) ? columns[9] : null;
    }

    private static bool Holds(string process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd"))
                .Any(fd => new FileInfo(fd).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string[] Lines(string file)
    {
        try { return File.ReadAllLines(file); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return []; }
    }
}
