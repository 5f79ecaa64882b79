using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The nodes that the store knows and, on one machine, those that the spec says it has but that were not heard
/// yet. Once a node of another name was heard, the cluster has machines of its own and no virtual nodes.</summary>
public static class KnownNodes
{
    public static ImmutableSortedDictionary<NodeName, ZoneName?> Of(ClusterState state)
    {
        var nodes = ImmutableSortedDictionary.CreateBuilder<NodeName, ZoneName?>();
        if (state.EffectiveSpec is { } spec)
            foreach (var (node, zone) in spec.VirtualNodes()) nodes[node] = zone;
        if (!state.Nodes.Keys.All(nodes.ContainsKey)) nodes.Clear();
        foreach (var (name, node) in state.Nodes) nodes[name] = node.Zone ?? nodes.GetValueOrDefault(name);
        return nodes.ToImmutable();
    }
}
