using System.Globalization;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>The cgroup folders of one start of a replica: one with cgroup v2, one for each controller with v1, none
/// when nothing is limited.</summary>
internal sealed class ReplicaCgroup(IReadOnlyList<string> folders)
{
    public static readonly ReplicaCgroup None = new([]);

    public IReadOnlyList<string> Folders => folders;

    /// <summary>Moves a process in; its children follow. Throws <see cref="IOException"/> when refused.</summary>
    public void Enter(int pid)
    {
        foreach (var folder in folders)
            File.WriteAllText(Path.Combine(folder, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>A sentence when the kernel ended a process in here for want of memory, else null.</summary>
    public string? OutOfMemory(ReplicaName replica)
    {
        foreach (var folder in folders)
        {
            var kills = Count(folder, "memory.events") ?? Count(folder, "memory.oom_control");
            if (kills is null or 0) continue;
            var limit = Limit(folder, "memory.max") ?? Limit(folder, "memory.limit_in_bytes");
            return $"the kernel ended {replica} because it needed more than its memory limit"
                   + (limit is { } bytes ? $" of {bytes / 1048576.0:0.#} MiB" : "");
        }
        return null;
    }

    /// <summary>Removes the folders, and those above that are empty then. What is still in use stays for a later
    /// call.</summary>
    public void Remove()
    {
        foreach (var folder in folders)
        {
            var path = folder;
            for (var levels = 0; levels < 3 && TryRemove(path); levels++) path = Path.GetDirectoryName(path)!;
        }
    }

    private static bool TryRemove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: false);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e is DirectoryNotFoundException;
        }
    }

    private static long? Count(string folder, string file)
    {
        foreach (var line in Lines(folder, file))
            if (line.StartsWith("oom_kill ", StringComparison.Ordinal) && long.TryParse(line.AsSpan(9), out var count))
                return count;
        return null;
    }

    private static long? Limit(string folder, string file) =>
        Lines(folder, file) is [var line, ..] && long.TryParse(line, out var bytes) ? bytes : null;

    private static string[] Lines(string folder, string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(folder, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
