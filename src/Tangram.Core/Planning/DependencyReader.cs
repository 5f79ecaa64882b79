using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>depends_on</c>, short and long.</summary>
internal static class DependencyReader
{
    private static readonly (string, DependencyCondition)[] Conditions =
    [
        ("service_started", DependencyCondition.Started),
        ("service_healthy", DependencyCondition.Healthy),
        ("service_completed_successfully", DependencyCondition.CompletedSuccessfully),
    ];

    public static IReadOnlyList<Placed<DependencySpec>> Read(Tree? tree, ProblemList problems)
    {
        var found = new List<Placed<DependencySpec>>();
        if (tree is Tree.Map map)
        {
            foreach (var entry in map.Entries)
            {
                var fields = Fields.Open(entry.Value, ServiceKeys.Dependency, entry.Key.Place, problems);
                var condition = fields.Choice("condition", DependencyCondition.Started, Conditions);
                var (required, restart) = (fields.Flag("required", true), fields.Flag("restart", false));
                if (Name(entry.Key.Text, entry.Key.Place, problems) is { } name)
                    found.Add(new(new DependencySpec(name, condition, required, restart), entry.Key.Place));
            }
            return found;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in Scalars.Items(tree, "depends_on", problems))
        {
            if (Scalars.Filled(item, "depends_on", problems) is not { } text) continue;
            if (!seen.Add(text))
                problems.Error(item.Place, $"'depends_on' names {Quoted.Of(text)} twice", "keep one of them");
            else if (Name(text, item.Place, problems) is { } name)
                found.Add(new(new DependencySpec(name, DependencyCondition.Started, true, false), item.Place));
        }
        return found;
    }

    private static ServiceName? Name(string text, Place place, ProblemList problems)
    {
        if (Names.IsValid(text)) return ServiceName.Of(text);
        problems.Error(place, $"'depends_on' names {Quoted.Of(text)}, which cannot be a service",
            "write the name of a service of this file");
        return null;
    }
}
