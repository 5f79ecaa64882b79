using Tangram.Model;

namespace Tangram.Planning.Placement;

/// <summary>A node as placement sees it.</summary>
public sealed record PlacementNode
{
    public required NodeName Name { get; init; }
    public required ZoneName Zone { get; init; }
    public EquatableArray<Variable> Labels { get; init; }

    /// <summary>Cores and bytes on offer; 0 is not limited.</summary>
    public Resources Capacity { get; init; } = new();

    /// <summary>Why nothing new may be placed there, such as "drained"; null when it may.</summary>
    public string? Cordoned { get; init; }

    /// <summary>The value of <c>node.zone</c>, <c>node.hostname</c>, <c>node.id</c> or <c>node.labels.KEY</c>; empty
    /// when the node has no such label.</summary>
    public string Attribute(string attribute) => Attribute(attribute, Name, Zone, Labels);

    internal static string Attribute(string attribute, NodeName name, ZoneName zone, EquatableArray<Variable> labels)
    {
        const string Label = "node.labels.";
        switch (attribute)
        {
            case "node.zone": return zone.Value;
            case "node.hostname" or "node.id": return name.Value;
        }
        if (!attribute.StartsWith(Label, StringComparison.Ordinal)) return "";
        var key = attribute.AsSpan(Label.Length);
        foreach (var label in labels) if (key.SequenceEqual(label.Name)) return label.Value;
        // Every node belongs to a zone, so the label that people spread by need not be set by hand.
        return key.SequenceEqual("zone") ? zone.Value : "";
    }
}

/// <param name="Nodes">One per placed replica, in the order placed.</param>
/// <param name="Refusal">Why fewer were placed than asked for; null when all were.</param>
public sealed record PlacementAnswer(IReadOnlyList<NodeName> Nodes, string? Refusal);
