namespace Tangram.ClusterTests.Lab;

/// <summary>Takes a lab away by what the system knows of it, not by what its owner remembers; therefore it works after
/// an exception, and for the lab of a process that was killed.</summary>
internal static class LabCleaning
{
    private const string Namespaces = "/run/netns";

    /// <summary>Removes the labs whose owner has ended. Another run may be doing the same at this moment.</summary>
    public static void SweepStale()
    {
        foreach (var name in All().Where(lab => !lab.OwnerLives).ToList()) Remove(name);
    }

    /// <summary>Returns what would not go away, as sentences; none when all is gone.</summary>
    public static List<string> Remove(LabName lab)
    {
        var problems = new List<string>();
        foreach (var name in NamespacesOf(lab))
            Try(() => NamespaceProcesses.In(name).KillAll(), problems);
        foreach (var folder in MountsOf(lab))
            Try(() => LabDisk.Remove(folder), problems);
        foreach (var name in NamespacesOf(lab))
            Try(() => Command.Run("ip", "netns", "delete", name), problems);
        if (Directory.Exists(lab.Folder))
            Try(() => Directory.Delete(lab.Folder, recursive: true), problems);
        // Who was faster than we are has done the same.
        return NamespacesOf(lab).Count == 0 && !Directory.Exists(lab.Folder) ? [] : problems;
    }

    public static List<string> NamespacesOf(LabName lab) =>
        [.. Entries(Namespaces).Where(name => LabName.Of(name) == lab)];

    /// <summary>Mount points in the lab's folder.</summary>
    public static List<string> MountsOf(LabName lab) =>
        [.. File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')[1])
            .Where(folder => folder.StartsWith(lab.Folder + "/", StringComparison.Ordinal))];

    private static IEnumerable<LabName> All() => Entries(Namespaces).Concat(Entries(Path.GetTempPath()))
        .Select(LabName.Of).OfType<LabName>().Distinct();

    private static List<string> Entries(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path))]
        : [];

    private static void Try(Action act, List<string> problems)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            problems.Add(e.Message);
        }
    }
}
