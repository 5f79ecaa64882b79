namespace Tangram.Model;

/// <summary>By which variables a process finds what it is given. A process has no mount namespace, so that paths are
/// told instead of mounted.</summary>
public static class GrantVariables
{
    /// <summary>The folders within the copy that <see cref="ServiceSpec.GrantsHash"/> names.</summary>
    public static string FolderOf(GrantKind kind) => kind == GrantKind.Config ? "configs" : "secrets";

    public static string Of(GrantKind kind, string name) =>
        (kind == GrantKind.Config ? "TANGRAM_CONFIG_" : "TANGRAM_SECRET_") + Names.InVariable(name);

    public static string OfVolume(string name) => "TANGRAM_VOLUME_" + Names.InVariable(name);

    /// <param name="service">What it is given.</param>
    /// <param name="grants">The copy's folder; null when it is given no config and no secret.</param>
    /// <param name="volume">The folder of a named volume on this node.</param>
    public static IEnumerable<Variable> All(ServiceSpec service, string? grants, Func<string, string> volume)
    {
        foreach (var kind in new[] { GrantKind.Config, GrantKind.Secret })
        {
            var given = service.Grants(kind);
            if (grants is null || given.Count == 0) continue;
            var folder = $"{grants}/{FolderOf(kind)}";
            yield return new Variable(kind == GrantKind.Config ? "TANGRAM_CONFIGS" : "TANGRAM_SECRETS", folder);
            // Of one that is given twice, the first file.
            foreach (var one in given.DistinctBy(g => g.Name))
                yield return new Variable(Of(kind, one.Name), $"{folder}/{one.Target}");
        }
        foreach (var named in service.Volumes.Where(v => v.Kind == VolumeKind.Named).DistinctBy(v => v.Name))
            yield return new Variable(OfVolume(named.Name), volume(named.Source));
    }
}
