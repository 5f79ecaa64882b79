using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The nodes that the store knows.</summary>
public static class KnownNodes
{
    public static ImmutableSortedDictionary<NodeName, ZoneName?> Of(ClusterState state)
    {
        var nodes = ImmutableSortedDictionary.CreateBuilder<NodeName, ZoneName?>();
        foreach (var (name, node) in state.Nodes) nodes[name] = node.Zone;
        return nodes.ToImmutable();
    }
}
