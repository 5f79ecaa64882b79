using Tangram.Model;
using static Tangram.Coordinating.Decision;

namespace Tangram.Coordinating;

/// <summary>What people ask of gateways for one replica: less weight, no new requests, or nothing at all.</summary>
public static class BackendCommands
{
    /// <summary>HAProxy's weights go from 0 to 256 too; nothing is what drain is for.</summary>
    public const double LeastWeight = 0.01, MostWeight = 10;

    private const int MostListed = 20;

    public static Decision Set(ClusterState state, CommandStamp by, BackendAsked wanted)
    {
        if (state.Asked is not { } asked) return Commands.NothingDeployed();
        var (replica, revision) = (wanted.Replica, asked.Value.Revision);
        if (Assigned(state).FirstOrDefault(a => a.Replica == replica) is not { } assignment)
            return Commands.Bad($"there is no replica '{replica}'. The replicas are: {Known(state)}");
        if (state.EffectiveSpec?.Find(assignment.Service) is { Serves: false })
            return Commands.Bad($"'{replica}' takes no requests: {assignment.Service} has no probe, route or port");
        if (wanted.Weight is not (>= LeastWeight and <= MostWeight))
            return Commands.Bad($"a weight is 1% to 1000%, and 100% is the usual one. For none use --drain");
        var before = asked.Value.Backends.FirstOrDefault(b => b.Replica == replica);
        if ((before ?? new BackendAsked(replica, BackendMode.Normal)) == wanted)
            return new Unchanged(revision, $"nothing to change: {Said(wanted)} already");
        var others = Running(state).Where(b => b.Replica != replica);
        var next = asked.Value with
        {
            Backends = (wanted.IsUsual ? others : others.Append(wanted)).OrderBy(b => b.Replica).ToEquatableArray(),
        };
        return Commands.Ask(state, by, next, Said(wanted) + Left(state, assignment.Service, next));
    }

    /// <summary>What was asked for replicas that still run; of others it says nothing any more.</summary>
    internal static EquatableArray<BackendAsked> Running(ClusterState state)
    {
        if (state.Asked is not { Value.Backends: { Count: > 0 } backends }) return [];
        var running = Assigned(state).Select(a => a.Replica).ToHashSet();
        return backends.Where(b => running.Contains(b.Replica)).ToEquatableArray();
    }

    private static IEnumerable<Assignment> Assigned(ClusterState state) =>
        state.Nodes.Values.SelectMany(n => n.Assignments).Where(a => a is { Intent: Intent.Run, Ended: null });

    private static string Said(BackendAsked wanted) => wanted.Mode switch
    {
        BackendMode.Drain => $"{wanted.Replica} gets no new requests, except from clients that stay with it (drain)",
        BackendMode.Maintenance => $"{wanted.Replica} gets no new requests at all (maintenance)",
        _ when wanted.IsUsual => $"{wanted.Replica} is treated as usual",
        _ => $"{wanted.Replica} has a {wanted.Words.Replace("weight ", "weight of ", StringComparison.Ordinal)}",
    };

    /// <summary>A warning, when it was the last one.</summary>
    private static string Left(ClusterState state, ServiceName service, Asked next)
    {
        var left = next.Backends.Where(b => b.Mode != BackendMode.Normal).Select(b => b.Replica).ToHashSet();
        return Assigned(state).Where(a => a.Service == service).All(a => left.Contains(a.Replica))
            ? $"; no replica of {service} is left that takes new requests"
            : "";
    }

    private static string Known(ClusterState state)
    {
        var names = Assigned(state).Select(a => a.Replica).Order().Take(MostListed + 1).Select(r => r.Value).ToList();
        return Commands.Listed(names.Take(MostListed)) + (names.Count > MostListed ? " and others" : "");
    }
}
