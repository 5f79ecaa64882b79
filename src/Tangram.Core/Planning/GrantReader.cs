using System.Globalization;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads the <c>configs</c> or <c>secrets</c> of a service, short and long.</summary>
internal static class GrantReader
{
    /// <summary>A target is a path of some folders and a name; the kernel's limit on a whole one is 4096.</summary>
    private const int LongestTarget = 500;

    private const int ReadBits = 0b100_100_100, RunBits = 0b001_001_001, OwnerBits = 0b111_000_000;

    public static EquatableArray<GrantSpec> Read(Fields service, GrantKind kind, Declarations declared)
    {
        var (key, problems) = (kind == GrantKind.Config ? "configs" : "secrets", service.Problems);
        var (grants, places) = (new List<GrantSpec>(), new GrantPlaces(kind));
        foreach (var item in service.Items(key))
        {
            var fields = item is Tree.Map ? Fields.Open(item, DeclaredKeys.Grant, item.Place, problems) : null;
            if (fields is not null && fields["source"] is null)
                problems.Error(item.Place, $"this one of '{key}' has no source", "write source: and its name");
            var name = fields is null ? Scalars.Filled(item, key, problems) : fields.Filled("source");
            var mode = fields is null ? null : ModeOf(fields);
            var target = TargetOf(fields, name ?? "", kind);
            if (name is null) continue;
            var (known, place) = (declared.Contents(kind), fields?.PlaceOf("source") ?? item.Place);
            if (!known.ContainsKey(name)) Undeclared(name, key, place, known.Keys, problems);
            if (target is null) continue;
            if (places.Clash(name, target) is { } clash)
            {
                problems.Error(item.Place, clash.What, clash.Remedy);
                continue;
            }
            places.Take(name, target);
            var bits = (mode ?? ReadBits) & (ReadBits | RunBits) | 0b100_000_000;
            grants.Add(new GrantSpec
            {
                Name = name, Target = target, Mode = kind == GrantKind.Secret ? bits & OwnerBits : bits,
            });
        }
        return grants.ToEquatableArray();
    }

    /// <summary>The same for everything that the top level declares.</summary>
    /// <param name="written">How a name is written there; null: as it is.</param>
    public static void Undeclared(string name, string key, Place place, IEnumerable<string> known,
        ProblemList problems, Func<string, string>? written = null) =>
        problems.Error(place, $"{Quoted.Of(name)} is not among the '{key}' of the top level",
            NearMiss.Of(name, known, problems) is { } meant ? $"write {Quoted.Of(written?.Invoke(meant) ?? meant)}"
                : $"declare it there: {key}: {{ {Quoted.Plain(name, 60)}: … }}");

    private static int? ModeOf(Fields fields) => fields.Parsed<int>("mode", text =>
    {
        var digits = text.StartsWith("0o", StringComparison.Ordinal) ? text[2..] : text;
        if (digits.Length is < 1 or > 4 || digits.Any(c => c is < '0' or > '7')) return null;
        return digits.Aggregate(0, (bits, c) => bits * 8 + (c - '0')) is <= 0b111_111_111 and var mode ? mode : null;
    }, "permission bits in octal, such as 0440");

    /// <summary>Relative and plain, or null after a problem.</summary>
    private static string? TargetOf(Fields? fields, string name, GrantKind kind)
    {
        if (fields?["target"] is null) return name;
        if (fields.Filled("target") is not { } text) return null;
        var folder = kind == GrantKind.Config ? "TANGRAM_CONFIGS" : "TANGRAM_SECRETS";
        if (text.StartsWith('/'))
            fields.Problems.Error(fields.PlaceOf("target"),
                $"'target' is {Quoted.Of(text)}, and for a process nothing is mounted",
                $"write a relative path, and let the program read ${GrantVariables.Of(kind, name)}, or that path " +
                $"below ${folder}");
        else if (text.Length > LongestTarget || text.Any(char.IsControl)
            || text.Split('/').Any(part => part is "" or "." or ".." || part.Length > 200))
            fields.Problems.Error(fields.PlaceOf("target"), $"'target' is {Quoted.Of(text)}, which is no plain path",
                $"write a path below ${folder}, such as app/settings.json");
        else
            return text;
        return null;
    }
}
