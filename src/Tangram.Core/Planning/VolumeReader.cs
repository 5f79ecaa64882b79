using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads a service's <c>volumes</c>. A process has no mount namespace: a named volume is a folder of its node,
/// whose path a variable tells; a bind of a path to itself is true already; everything else is refused.</summary>
internal static class VolumeReader
{
    private const string Remedy = "write the machine's path into the program's configuration, and \"/path:/path\" here";

    private const string Named = "name it, as in \"data:/data\", and write volumes: { data: } at the top level";

    public static EquatableArray<VolumeSpec> Read(Fields service, Folders folders, Declarations declared)
    {
        var (found, variables) = (new List<VolumeSpec>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var item in service.Items("volumes"))
        {
            var (kind, source, target, readOnly) = item is Tree.Map
                ? Long(Fields.Open(item, ServiceKeys.Volume, item.Place, service.Problems))
                : Short(item, service.Problems);
            if (source is null && target is null) continue;
            if (readOnly)
                service.Problems.Error(item.Place, "nothing would keep the process from writing into this volume",
                    "leave out what makes it read-only, and let the folder's permissions say it");
            else if (source is null || target is null)
                service.Problems.Error(item.Place, $"'volumes' mounts a new volume at {Quoted.Of(target ?? "")}, and " +
                    "nobody would find it again", Named);
            else if (kind == VolumeKind.Named)
                found.AddRange(NamedOne(source, target, item.Place, declared, variables, service.Problems));
            else if (Bind(source, target, item.Place, folders, service.Problems) is { } bind)
                found.Add(bind);
        }
        return found.ToEquatableArray();
    }

    private static IEnumerable<VolumeSpec> NamedOne(string name, string target, Place place, Declarations declared,
        Dictionary<string, string> variables, ProblemList problems)
    {
        if (!declared.Volumes.TryGetValue(name, out var folder))
            GrantReader.Undeclared(name, "volumes", place, declared.Volumes.Keys, problems);
        else if (!variables.TryAdd(GrantVariables.OfVolume(name), name)
            && variables[GrantVariables.OfVolume(name)] is var other && other != name)
            problems.Error(place, $"{Quoted.Of(name)} and {Quoted.Of(other)} would share the variable " +
                Quoted.Plain(GrantVariables.OfVolume(name)),
                "rename one of them so that they differ in more than case and punctuation");
        else
            yield return new VolumeSpec { Kind = VolumeKind.Named, Name = name, Source = folder, Target = target };
    }

    private static VolumeSpec? Bind(string source, string target, Place place, Folders folders, ProblemList problems)
    {
        if (!source.StartsWith('/'))
            problems.Error(place, $"'volumes' mounts {Quoted.Of(source)} at {Quoted.Of(target)}, and for a process " +
                "nothing is mounted", Remedy);
        else if (Path.GetFullPath(source) is var path && path != Path.GetFullPath(target))
            problems.Error(place, $"'volumes' would show {Quoted.Of(source)} at {Quoted.Of(target)}, and a process " +
                "sees its machine's paths", Remedy);
        else
        {
            folders.Need("volumes", path, place);
            return new VolumeSpec { Kind = VolumeKind.Bind, Name = path, Source = path, Target = path };
        }
        return null;
    }

    private static (VolumeKind Kind, string? Source, string? Target, bool ReadOnly) Short(
        Tree item, ProblemList problems)
    {
        if (Scalars.Filled(item, "volumes", problems) is not { } text) return default;
        var parts = text.Split(':');
        if (parts.Length == 1) return (VolumeKind.Named, null, text, false);
        var options = parts.Length > 2 ? parts[2].Split(',') : [];
        var half = parts[0].Length == 0 || parts[1].Length == 0;
        if (parts.Length > 3 || half || options.Any(o => o is not ("rw" or "ro")))
            problems.Error(item.Place, $"'volumes' has {Quoted.Of(text)}, which is not of a known form", Remedy);
        if (half) return default;
        // By Compose's rule: what looks like a path is one, and all else is a name.
        var kind = parts[0].StartsWith('/') || parts[0].StartsWith('.') || parts[0].StartsWith('~')
            ? VolumeKind.Bind : VolumeKind.Named;
        return (kind, parts[0], parts[1], options.Contains("ro"));
    }

    private static (VolumeKind Kind, string? Source, string? Target, bool ReadOnly) Long(Fields fields)
    {
        var kind = fields.Choice("type", VolumeKind.Bind, [("bind", VolumeKind.Bind), ("volume", VolumeKind.Named)],
            ("tmpfs", "let the process write below /tmp"));
        if (fields["type"] is null)
            fields.Problems.Error(fields.Place, "the volume has no type", "write type: volume or type: bind");
        if (fields["target"] is null)
            fields.Problems.Error(fields.Place, "the volume has no target", Remedy);
        fields.Open("volume", DeclaredKeys.VolumeUse);
        return (kind, fields.Filled("source"), fields.Filled("target"), fields.Flag("read_only", false));
    }
}
