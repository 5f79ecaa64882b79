using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>deploy.placement</c>.</summary>
internal static class PlacementReader
{
    private const string Known = "use node.hostname, node.id, node.zone or node.labels.KEY";

    public static PlacementSpec Read(Fields fields) => new()
    {
        Constraints = fields.Items("constraints").Select(item => Constraint(item, fields.Problems))
            .OfType<ConstraintSpec>().ToEquatableArray(),
        Spread = fields.Items("preferences").Select(item => Spread(item, fields.Problems))
            .OfType<string>().ToEquatableArray(),
        MaxReplicasPerNode = fields.Whole("max_replicas_per_node", 0, 0, DeployReader.MostReplicas),
    };

    private static ConstraintSpec? Constraint(Tree item, ProblemList problems)
    {
        if (Scalars.Filled(item, "constraints", problems) is not { } text) return null;
        var equal = text.IndexOf("==", StringComparison.Ordinal);
        var differ = text.IndexOf("!=", StringComparison.Ordinal);
        var cut = equal < 0 || differ >= 0 && differ < equal ? differ : equal;
        var (attribute, value) = cut < 0 ? ("", "") : (text[..cut].Trim(), text[(cut + 2)..].Trim());
        if (cut < 0 || attribute.Length == 0 || value.Length == 0)
            problems.Error(item.Place, $"the constraint {Quoted.Of(text)} is not a comparison by == or !=",
                "write it like \"node.labels.disk == ssd\"");
        else if (attribute is "node.hostname" or "node.id" or "node.zone" || Label(attribute))
            return new ConstraintSpec(attribute, cut == equal, value);
        else
            problems.Error(item.Place, $"the constraint asks for {Quoted.Of(attribute)}, which no node has", Known);
        return null;
    }

    private static string? Spread(Tree item, ProblemList problems)
    {
        var fields = Fields.Open(item, DeployKeys.Preference, item.Place, problems);
        if (item is Tree.Map && fields["spread"] is null)
            problems.Error(item.Place, "a preference without 'spread' prefers nothing", "write spread: node.zone");
        if (fields.Filled("spread") is not { } text) return null;
        if (text == "node.zone" || Label(text)) return text;
        problems.Error(fields.PlaceOf("spread"), $"'spread' is {Quoted.Of(text)}, over which nothing can be spread",
            "use node.zone or node.labels.KEY");
        return null;
    }

    private static bool Label(string attribute) =>
        attribute.StartsWith("node.labels.", StringComparison.Ordinal) && attribute.Length > "node.labels.".Length
        && !attribute.Any(char.IsWhiteSpace);
}
