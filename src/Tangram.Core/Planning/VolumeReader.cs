using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads a service's <c>volumes</c>. A process has no mount namespace, so that a folder can only be where the
/// machine has it: a bind of a path to itself is true already, and everything else is refused.</summary>
internal static class VolumeReader
{
    private const string Remedy = "write the machine's path into the program's configuration, and \"/path:/path\" here";

    public static void Read(Fields service, Folders folders)
    {
        foreach (var item in service.Items("volumes"))
        {
            var (source, target, readOnly) = item is Tree.Map
                ? Long(Fields.Open(item, ServiceKeys.Volume, item.Place, service.Problems))
                : Short(item, service.Problems);
            if (source is null && target is null) continue;
            if (source is null || target is null || !source.StartsWith('/'))
                service.Problems.Error(item.Place,
                    $"'volumes' mounts {Quoted.Of(source ?? "a new volume")} at {Quoted.Of(target ?? "")}, and for a " +
                    "process nothing is mounted", Remedy);
            else if (Path.GetFullPath(source) != Path.GetFullPath(target))
                service.Problems.Error(item.Place,
                    $"'volumes' would show {Quoted.Of(source)} at {Quoted.Of(target)}, and a process sees its " +
                    "machine's paths", Remedy);
            else if (readOnly)
                service.Problems.Error(item.Place, "nothing would keep the process from writing into this volume",
                    "leave out what makes it read-only, and let the folder's permissions say it");
            else
                folders.Need("volumes", Path.GetFullPath(source), item.Place);
        }
    }

    private static (string? Source, string? Target, bool ReadOnly) Short(Tree item, ProblemList problems)
    {
        if (Scalars.Filled(item, "volumes", problems) is not { } text) return default;
        var parts = text.Split(':');
        if (parts.Length == 1) return (null, text, false);
        var options = parts.Length > 2 ? parts[2].Split(',') : [];
        if (parts.Length > 3 || options.Any(o => o is not ("rw" or "ro")))
            problems.Error(item.Place, $"'volumes' has {Quoted.Of(text)}, which is not of a known form", Remedy);
        return (parts[0], parts[1], options.Contains("ro"));
    }

    private static (string? Source, string? Target, bool ReadOnly) Long(Fields fields)
    {
        fields.Choice("type", 0, [("bind", 0)], ("volume", Remedy), ("tmpfs", "let the process write below /tmp"));
        if (fields["target"] is null)
            fields.Problems.Error(fields.Place, "the volume has no target", Remedy);
        return (fields.Filled("source"), fields.Filled("target"), fields.Flag("read_only", false));
    }
}
