using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What differs between two views, and the way back:
/// <c>Apply(before, Between(before, after)) == after</c>.</summary>
public static class Delta
{
    public static DeltaView Between(ClusterView before, ClusterView after) => new()
    {
        StoreRevision = after.StoreRevision,
        Head = before.Head == after.Head ? null : after.Head,
        Services = Changed(before.Services, after.Services, Key),
        ServicesGone = Gone(before.Services, after.Services, Key),
        Nodes = Changed(before.Nodes, after.Nodes, Key),
        NodesGone = Gone(before.Nodes, after.Nodes, Key),
        Gateways = Changed(before.Gateways, after.Gateways, Key),
        GatewaysGone = Gone(before.Gateways, after.Gateways, Key),
        Replicas = Changed(before.Replicas, after.Replicas, Key),
        ReplicasGone = Gone(before.Replicas, after.Replicas, Key),
    };

    public static ClusterView Apply(ClusterView view, DeltaView delta) => new()
    {
        StoreRevision = delta.StoreRevision,
        Head = delta.Head ?? view.Head,
        Services = Applied(view.Services, delta.Services, delta.ServicesGone, Key),
        Nodes = Applied(view.Nodes, delta.Nodes, delta.NodesGone, Key),
        Gateways = Applied(view.Gateways, delta.Gateways, delta.GatewaysGone, Key),
        Replicas = Applied(view.Replicas, delta.Replicas, delta.ReplicasGone, Key),
    };

    internal static string Key(ServiceView service) => service.Name;
    internal static string Key(NodeView node) => node.Name;
    internal static string Key(GatewayView gateway) => $"{gateway.Gateway} {gateway.Address}";
    internal static string Key(ReplicaView replica) => replica.Replica;

    /// <summary>By key; of two with one key the later.</summary>
    internal static EquatableArray<T> Sorted<T>(IEnumerable<T> items, Func<T, string> key)
    {
        var sorted = new SortedDictionary<string, T>(StringComparer.Ordinal);
        foreach (var item in items) sorted[key(item)] = item;
        return sorted.Values.ToEquatableArray();
    }

    // Both lists are sorted by key, so one walk along the two finds everything.
    private static EquatableArray<T> Changed<T>(
        EquatableArray<T> before, EquatableArray<T> after, Func<T, string> key) where T : IEquatable<T>
    {
        var (changed, at) = (new List<T>(), 0);
        foreach (var item in after)
        {
            while (at < before.Count && string.CompareOrdinal(key(before[at]), key(item)) < 0) at++;
            if (at == before.Count || !before[at].Equals(item)) changed.Add(item);
        }
        return changed.ToEquatableArray();
    }

    private static EquatableArray<string> Gone<T>(
        EquatableArray<T> before, EquatableArray<T> after, Func<T, string> key)
    {
        var (gone, at) = (new List<string>(), 0);
        foreach (var item in before)
        {
            while (at < after.Count && string.CompareOrdinal(key(after[at]), key(item)) < 0) at++;
            if (at == after.Count || key(after[at]) != key(item)) gone.Add(key(item));
        }
        return gone.ToEquatableArray();
    }

    private static EquatableArray<T> Applied<T>(
        EquatableArray<T> view, EquatableArray<T> changed, EquatableArray<string> gone, Func<T, string> key)
    {
        if (changed.Count == 0 && gone.Count == 0) return view;
        var left = gone.ToHashSet(StringComparer.Ordinal);
        return Sorted(view.Where(item => !left.Contains(key(item))).Concat(changed), key);
    }
}
