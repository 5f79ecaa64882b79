namespace Tangram.Deploying;

/// <summary>Where a symbolic link inside a folder leads.</summary>
internal static class FolderLinks
{
    // As Linux's own limit: more links in a row are a loop.
    private const int MostLinks = 40;

    /// <summary>True when following <paramref name="relative"/> would leave <paramref name="root"/>, at any step: an
    /// absolute target leaves it even if it points back inside, since the copy lies elsewhere. A link to nothing inside
    /// the folder, or in a circle, does not.</summary>
    public static bool Leaves(string root, string relative)
    {
        var inside = new List<string>();
        var ahead = new Stack<string>(relative.Split('/').Reverse());
        var followed = 0;
        while (ahead.TryPop(out var part))
        {
            if (part is "" or ".") continue;
            if (part == "..")
            {
                if (inside.Count == 0) return true;
                inside.RemoveAt(inside.Count - 1);
                continue;
            }
            inside.Add(part);
            if (new FileInfo(Path.Combine([root, .. inside])).LinkTarget is not { } target) continue;
            if (Path.IsPathRooted(target)) return true;
            if (++followed > MostLinks) return false;
            inside.RemoveAt(inside.Count - 1);
            foreach (var next in target.Split('/').Reverse()) ahead.Push(next);
        }
        return false;
    }
}
