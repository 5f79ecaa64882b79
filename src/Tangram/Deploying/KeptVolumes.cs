namespace Tangram.Deploying;

/// <summary>The named volumes that a cluster which has ended leaves on this machine.</summary>
internal static class KeptVolumes
{
    /// <summary>Letting go of the state takes the daemon a moment after it has answered for the last time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>As <c>data (on a-1, b-1)</c>, sorted.</summary>
    /// <param name="folder">The cluster's state folder.</param>
    public static IReadOnlyList<string> Of(string folder) => [.. Folders(folder)
        .GroupBy(path => Path.GetFileName(path), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => $"{g.Key} (on {string.Join(", ", g.Select(NodeOf).Order(StringComparer.Ordinal))})")];

    /// <summary>Removes them and all that is in them; returns which. Throws <see cref="IOException"/> when a daemon
    /// holds the state, or when something cannot be removed.</summary>
    public static async Task<IReadOnlyList<string>> RemoveAsync(
        string folder, TimeProvider time, CancellationToken cancellation)
    {
        var (root, cluster, begun) = (Path.GetDirectoryName(folder)!, Path.GetFileName(folder), time.GetTimestamp());
        while (StateFolder.IsHeld(root, cluster) && time.GetElapsedTime(begun) < Patience)
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        using var state = StateFolder.Open(root, cluster);
        var kept = Of(folder);
        foreach (var path in Folders(folder).ToList()) Directory.Delete(path, recursive: true);
        return kept;
    }

    private static IEnumerable<string> Folders(string folder)
    {
        var nodes = Path.Combine(folder, "nodes");
        return !Directory.Exists(nodes) ? [] : Directory.EnumerateDirectories(nodes)
            .Select(node => Path.Combine(node, "volumes")).Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories);
    }

    private static string NodeOf(string path) =>
        Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(path)!)!);
}
