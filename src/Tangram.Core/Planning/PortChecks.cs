using Tangram.Model;

namespace Tangram.Planning;

/// <summary>No two listeners of the cluster may want the same address and port. A replica's own port (mode: host)
/// may be shared by services, since the planner keeps them apart, but not with a gateway, which runs on every
/// node.</summary>
internal static class PortChecks
{
    private sealed record Taken(string? Host, bool OfReplica, ServiceName Service, string Owner);

    public static void Check(
        IReadOnlyList<ServiceDraft> drafts, IReadOnlyList<Placed<Listener>> listeners, int nodes, ProblemList problems)
    {
        var taken = new Dictionary<int, List<Taken>>();
        foreach (var (listener, place) in listeners)
            if (listener.Port != 0)
                Take(taken, listener.Port, new(Wildcard(listener.Host), false, default, "the gateway"), place,
                    problems);
        foreach (var draft in drafts)
        {
            foreach (var (port, place) in draft.Ports)
            {
                var mine = new Taken(
                    Wildcard(port.HostAddress), port.Mode == PortMode.Host, draft.Name, $"'{draft.Name}'");
                Take(taken, port.Published, mine, place, problems);
            }
            if (draft.Ports.FirstOrDefault(port => port.Value.Mode == PortMode.Host) is { Value: { } host })
                CheckHost(draft, host.Published, nodes, problems);
        }
    }

    private static void Take(
        Dictionary<int, List<Taken>> taken, int port, Taken mine, Place place, ProblemList problems)
    {
        if (!taken.TryGetValue(port, out var others)) taken[port] = others = [];
        var clash = others.Find(other => Overlap(other.Host, mine.Host)
            && !(other.OfReplica && mine.OfReplica && other.Service != mine.Service));
        if (clash is null)
            others.Add(mine);
        else
            problems.Error(place, $"{mine.Owner} and {clash.Owner} both want port {port}", "give each its own port");
    }

    private static void CheckHost(ServiceDraft draft, int port, int nodes, ProblemList problems)
    {
        var deploy = draft.Spec.Deploy;
        if (deploy.Placement.MaxReplicasPerNode > 1)
            problems.Error(draft.MaxPerNodePlace,
                $"'{draft.Name}' allows {deploy.Placement.MaxReplicasPerNode} replicas on a node, " +
                $"and one alone can hold port {port}",
                "write max_replicas_per_node: 1, or publish without mode: host");
        else if (deploy.Mode == DeployMode.Replicated && deploy.Replicas > nodes)
            problems.Warn(draft.ReplicasPlace,
                $"'{draft.Name}' wants {deploy.Replicas} replicas with port {port}, " +
                $"of which a node can hold one, and there are {nodes} nodes",
                "add nodes, lower replicas, or publish without mode: host");
    }

    private static bool Overlap(string? a, string? b) => a is null || b is null || a == b;

    private static string? Wildcard(string? host) => host switch
    {
        null or "*" or "0.0.0.0" or "::" => null,
        "localhost" => "127.0.0.1",
        _ => host,
    };
}
