using System.Globalization;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>ulimits</c> and <c>oom_score_adj</c>.</summary>
internal static class UlimitReader
{
    /// <summary>By name, sorted.</summary>
    public static EquatableArray<UlimitSpec> Read(Fields service)
    {
        if (service["ulimits"] is null or Tree.Refused) return [];
        if (service["ulimits"] is not Tree.Map map)
        {
            service.Problems.Error(service.PlaceOf("ulimits"),
                $"'ulimits' takes a map and is {service["ulimits"]!.Kind}",
                "write nofile: 65536, or nofile: { soft: 1024, hard: 65536 }");
            return [];
        }
        return map.Entries.Select(entry => Limit(entry, service.Problems)).OfType<UlimitSpec>()
            .OrderBy(limit => limit.Name, StringComparer.Ordinal).ToEquatableArray();
    }

    public static int? OomScore(Fields service) => service.Parsed<int>("oom_score_adj",
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var score)
            && score is >= -1000 and <= 1000 ? score : null, "a whole number from -1000 to 1000");

    private static UlimitSpec? Limit(Tree.Entry entry, ProblemList problems)
    {
        var name = entry.Key.Text;
        if (!Ulimits.Numbers.ContainsKey(name))
        {
            problems.Error(entry.Key.Place, $"{Quoted.Of(name)} is not among the limits of the kernel",
                NearMiss.Of(name, Ulimits.Numbers.Keys) is { } meant ? $"write {meant}"
                    : $"write one of {string.Join(", ", Ulimits.Numbers.Keys)}");
            return null;
        }
        if (entry.Value is not Tree.Map)
            return Number(entry.Value, name, problems) is { } both ? new UlimitSpec(name, both, both) : null;
        var fields = Fields.Open(entry.Value, DeclaredKeys.Ulimit, entry.Key.Place, problems);
        var (low, high) = (fields["soft"], fields["hard"]);
        var soft = low is null ? null : Number(low, "soft", problems);
        var hard = high is null ? null : Number(high, "hard", problems);
        if (low is null || high is null)
            problems.Error(entry.Value.Place, $"the limit {Quoted.Of(name)} needs both a soft and a hard one",
                $"write {name}: {{ soft: …, hard: … }}, or one number for both");
        if (soft is not { } least || hard is not { } most) return null;
        if (most == UlimitSpec.None || (least != UlimitSpec.None && least <= most))
            return new UlimitSpec(name, least, most);
        problems.Error(low!.Place, $"the soft limit of {Quoted.Of(name)} is above the hard one", "write soft <= hard");
        return null;
    }

    private static long? Number(Tree tree, string what, ProblemList problems) => Scalars.Parsed<long>(tree, what,
        text => text == "-1" ? UlimitSpec.None
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
        "a whole number, or -1 for none", problems);
}
