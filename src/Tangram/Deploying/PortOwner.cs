using System.Globalization;
using Tangram.Routing;

namespace Tangram.Deploying;

/// <summary>The process that listens on a port.</summary>
internal sealed record PortOwner(int Pid, string Program)
{
    public override string ToString() => $"{Program} (pid {Pid})";

    /// <summary>Null when nobody listens, or when the listener belongs to a user whose descriptors we may not
    /// see.</summary>
    public static PortOwner? Find(int port)
    {
        var links = Inodes("/proc/net/tcp", port).Concat(Inodes("/proc/net/tcp6", port))
            .Select(inode => $"socket:[{inode}]").ToHashSet();
        if (links.Count == 0) return null;
        PortOwner? keeper = null;
        foreach (var stat in ProcessStat.All().Where(stat => Holds(stat.Pid, links)))
        {
            if (SocketKeeper.ClusterOf(stat.Pid) is not { } cluster) return new PortOwner(stat.Pid, Name(stat.Pid));
            keeper = new PortOwner(stat.Pid, $"the keeper of the cluster '{cluster}', which `tangram down` ends");
        }
        return keeper;
    }

    // proc(5): sl, local ADDRESS:PORT, remote, state (0A: listening), …, the tenth field is the inode.
    private static IEnumerable<string> Inodes(string table, int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        if (!File.Exists(table)) yield break;
        foreach (var line in File.ReadLines(table))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[3] == "0A" && fields[1].EndsWith(suffix, StringComparison.Ordinal))
                yield return fields[9];
        }
    }

    private static bool Holds(int pid, HashSet<string> links)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{pid}/fd")
                .Any(descriptor => File.ResolveLinkTarget(descriptor, false) is { } target
                                   && links.Contains(Path.GetFileName(target.FullName)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Name(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (IOException)
        {
            return "a process that has just ended";
        }
    }
}
