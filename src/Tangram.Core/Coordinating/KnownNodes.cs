using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>The nodes that the store knows, and those that the spec says this machine has but that were not heard
/// yet.</summary>
public static class KnownNodes
{
    public static ImmutableSortedDictionary<NodeName, ZoneName?> Of(ClusterState state)
    {
        var nodes = ImmutableSortedDictionary.CreateBuilder<NodeName, ZoneName?>();
        if (state.EffectiveSpec is { } spec)
            foreach (var (node, zone) in spec.VirtualNodes()) nodes[node] = zone;
        foreach (var (name, node) in state.Nodes) nodes[name] = node.Zone ?? nodes.GetValueOrDefault(name);
        return nodes.ToImmutable();
    }
}
