using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>Turns the state into views. A pure function of one snapshot, so that all of a view is from one
/// moment.</summary>
public static class Look
{
    public static StatusView Status(ClusterState state, string cluster)
    {
        var found = Survey.Of(state);
        var rollout = state.Rollout?.Value;
        var pending = state.Asked is { } asked && asked.Value.Revision > (rollout?.Target ?? 0);
        return new StatusView
        {
            Cluster = cluster,
            Ready = IsReady(state, found),
            Leader = state.Term?.Value.Leader,
            Revision = found.Revision,
            Rollout = pending ? new RolloutView("pending", state.Asked!.Value.Revision, rollout?.Current ?? 0, "")
                : rollout is null ? null
                : new RolloutView(Camel(rollout.Stage.ToString()), rollout.Target, rollout.Current, rollout.Because),
            Services = found.Services().ToEquatableArray(),
            Nodes = Nodes(state).ToEquatableArray(),
            Gateways = state.Gateways
                .SelectMany(g => g.Value.Value.Addresses.Select(address => new GatewayView(address, g.Key)))
                .ToEquatableArray(),
            GatewayTroubles = state.Gateways
                .SelectMany(g => g.Value.Value.Troubles.Select(trouble => new GatewayTroubleView(g.Key, trouble)))
                .ToEquatableArray(),
            Acme = AcmeWords.Views(state).ToEquatableArray(),
        };
    }

    /// <summary>Sorted by replica.</summary>
    public static ReplicaView[] Replicas(ClusterState state) =>
        [.. Survey.Of(state).Replicas.OrderBy(r => r.Assignment.Replica).Select(View)];

    /// <summary>ready, drained, restarting, silent or dead.</summary>
    public static string NodeWord(ClusterState state, NodeName name) => state.Nodes.GetValueOrDefault(name) switch
    {
        { Dead: not null } => "dead",
        null or { Seen: null } => "silent",
        { Seen.Value.Away: true } => "restarting",
        _ when state.Asked?.Value.Drained.Contains(name) == true => "drained",
        _ => "ready",
    };

    private static bool IsReady(ClusterState state, Survey found) =>
        // After a rollback all of the old revision runs again: that is ready, and the rollout says what happened.
        !Rollouts.InProgress(state)
        && state.Rollout?.Value.Stage is RolloutStage.Done or RolloutStage.RolledBack
        && found.Desired.All(d => d.Service.IsJob ? Jobs.Done(state, d.Service) :
            found.Replicas.Count(r => r.Service == d.Service.Name && r.Counts && r.Routed) >= d.Count);

    private static IEnumerable<NodeView> Nodes(ClusterState state) =>
        KnownNodes.Of(state).Select(known =>
        {
            var node = state.Nodes.GetValueOrDefault(known.Key);
            return new NodeView(known.Key.Value, known.Value?.Value, NodeWord(state, known.Key),
                node?.Assignments.Count(a => a is { Intent: Intent.Run, Ended: null }) ?? 0,
                node?.Dead?.Value.Because ?? "");
        });

    private static ReplicaView View(FoundReplica r) => new(
        r.Assignment.Replica.Value, r.Service.Value, r.Node.Value, r.Zone?.Value, r.State, r.Ready,
        r.Lost ? null : r.Seen?.Pid, r.Lost ? null : r.Seen?.Port, r.Revision, r.Seen?.Restarts ?? 0,
        r.Seen is { Because.Length: > 0 } ? r.Seen.Because : r.Assignment.Because,
        r.Asked?.Words, r.Lost ? null : r.Address);

    internal static string Camel(string word) => char.ToLowerInvariant(word[0]) + word[1..];
}
