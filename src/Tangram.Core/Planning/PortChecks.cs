using Tangram.Model;

namespace Tangram.Planning;

/// <summary>No two listeners of the cluster may want the same address and port. A replica's own port (mode: host)
/// may be shared by services, since the planner keeps them apart, but not with a gateway, which runs on every
/// node.</summary>
internal static class PortChecks
{
    private sealed record Taken(string? Host, bool OfReplica, ServiceName Service, string Owner);

    /// <summary>Who has one port, at which addresses; null stands for all of them.</summary>
    private sealed class TakenPort
    {
        private readonly Holders _all = new();
        private readonly Dictionary<string, Holders> _hosts = new(StringComparer.Ordinal);

        /// <summary>Who has it already; null when it is taken now.</summary>
        public Taken? Take(Taken mine)
        {
            var own = mine.Host is null ? null : _hosts.GetValueOrDefault(mine.Host);
            var clash = mine.Host is null ? _all.Against(mine)
                : own?.Against(mine) ?? _hosts.GetValueOrDefault("*")?.Against(mine);
            if (clash is not null) return clash;
            var key = mine.Host ?? "*";
            if (!_hosts.TryGetValue(key, out var holders)) _hosts[key] = holders = new Holders();
            holders.Add(mine);
            _all.Add(mine);
            return null;
        }
    }

    private sealed class Holders
    {
        private readonly Dictionary<ServiceName, Taken> _replicas = [];
        private Taken? _first, _gateway;

        public Taken? Against(Taken mine) =>
            !mine.OfReplica ? _first : _gateway ?? _replicas.GetValueOrDefault(mine.Service);

        public void Add(Taken mine)
        {
            _first ??= mine;
            if (mine.OfReplica) _replicas.TryAdd(mine.Service, mine);
            else _gateway ??= mine;
        }
    }

    public static void Check(
        IReadOnlyList<ServiceDraft> drafts, IReadOnlyList<Placed<Listener>> listeners, int nodes, ProblemList problems)
    {
        var taken = new Dictionary<int, TakenPort>();
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
        Dictionary<int, TakenPort> taken, int port, Taken mine, Place place, ProblemList problems)
    {
        if (!taken.TryGetValue(port, out var others)) taken[port] = others = new TakenPort();
        if (others.Take(mine) is { } clash)
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

    private static string? Wildcard(string? host) => host switch
    {
        null or "*" or "0.0.0.0" or "::" => null,
        "localhost" => "127.0.0.1",
        _ => host,
    };
}
