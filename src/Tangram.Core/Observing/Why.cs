using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>Answers "why is it so?" in sentences: what it is, where, since when it says so, and what it waits
/// for.</summary>
public static class Why
{
    /// <summary>Null when nothing has that name. <paramref name="refusals"/>: why no node takes one more replica of the
    /// service, from the planner.</summary>
    public static EquatableArray<string>? Explain(ClusterState state, string subject, IReadOnlyList<string> refusals)
    {
        var found = Survey.Of(state);
        var sentences = new List<string>();
        foreach (var replica in found.Replicas)
            if (replica.Assignment.Replica.Value == subject) sentences.AddRange(OfReplica(state, found, replica));
        foreach (var service in found.Services())
            if (service.Name == subject) sentences.AddRange(OfService(state, found, service, refusals));
        foreach (var (node, zone) in KnownNodes.Of(state))
            if (node.Value == subject) sentences.AddRange(OfNode(state, found, node, zone));
        if (state.EffectiveSpec?.Tls?.Acme?.Domains.Contains(subject) == true)
            sentences.AddRange(AcmeWords.Of(state, subject));
        if (state.EffectiveSpec?.Name == subject) sentences.AddRange(OfCluster(state, found, subject));
        return sentences.Count == 0 ? null : sentences.ToEquatableArray();
    }

    /// <summary>Of the whole cluster, also before anything was deployed.</summary>
    public static EquatableArray<string> Cluster(ClusterState state, string name) =>
        OfCluster(state, Survey.Of(state), name).ToEquatableArray();

    /// <summary>Everything that <see cref="Explain"/> knows, sorted, for "there is no …; there are …".</summary>
    public static IEnumerable<string> Subjects(ClusterState state) =>
        Look.Replicas(state).Select(r => r.Replica)
            .Concat(Survey.Of(state).Services().Select(s => s.Name))
            .Concat(KnownNodes.Of(state).Keys.Select(n => n.Value))
            .Concat(state.EffectiveSpec?.Tls?.Acme?.Domains ?? []);

    private static IEnumerable<string> OfReplica(ClusterState state, Survey found, FoundReplica replica)
    {
        var (name, seen) = (replica.Assignment.Replica, replica.Seen);
        var process = replica.Lost || seen?.Pid is null ? "" : Invariant($", pid {seen.Pid}")
            + (seen.Port is { } port ? Invariant($", port {port}") : "");
        yield return $"{name} is {replica.State} on {Place(replica.Node, replica.Zone)}, "
                     + Invariant($"revision {replica.Revision}{process}.");
        if (replica.Assignment.Because != "") yield return $"It is there because {replica.Assignment.Because}.";
        if (seen is { Because.Length: > 0 }) yield return $"Its node says: {seen.Because}.";
        if (seen is { Restarts: > 0 })
        {
            var exit = seen.Exit is { } code ? Invariant($"ended with exit code {code}") : "ended, and how is unknown";
            yield return $"It was restarted {Times(seen.Restarts)}; the last process that ended {exit}.";
        }
        if (seen is { FailedStarts: > 0 })
            yield return $"Its start failed {Times(seen.FailedStarts)} in a row: each next attempt waits twice as " +
                         "long, up to 60 s.";
        if (!replica.UpToDate && replica.Assignment.Run is null)
            yield return Invariant($"It does not have the content of revision {found.Revision} and will be replaced.");
        if (!replica.Lost) yield return WhyPhase.Sentence(replica.Assignment.Intent, seen?.Phase);
        if (replica.Assignment is { Relieves: { } old, Intent: Intent.Run } && Runs(state, old))
            yield return $"When it serves, {old} leaves: the service is then better spread.";
        if (replica.Asked is { } asked)
            yield return $"People asked for it: {asked.Words}, until `tangram backend {name} --normal`."
                + (asked.Mode == BackendMode.Normal ? ""
                    : asked.Mode == BackendMode.Drain
                        ? " It gets no new requests, except from clients that stay with it by a cookie."
                        : " It gets no new requests at all.");
        foreach (var sentence in WaitsFor(state, found, replica)) yield return sentence;
    }

    private static bool Runs(ClusterState state, ReplicaName replica) => state.Nodes.Values.Any(n =>
        n.Dead is null && n.Assignments.Any(a => a.Replica == replica && a.Intent == Intent.Run));

    private static IEnumerable<string> WaitsFor(ClusterState state, Survey found, FoundReplica replica)
    {
        var node = state.Nodes[replica.Node];
        if (replica.Lost)
            yield return $"{replica.Node} is {Look.NodeWord(state, replica.Node)}: whether it still runs is unknown.";
        if (replica is { Ready: true, Routed: false })
            yield return state.Gateways.IsEmpty
                ? "No gateway is alive, so no request reaches it."
                : $"It gets no requests yet: waiting for {Listed(found.Behind(node))} to take it up.";
        if (replica.State == "draining")
        {
            var busy = state.Gateways
                .Where(g => g.Value.Value.Busy.Contains(replica.Assignment.Replica)).Select(g => g.Key);
            yield return Listed(busy) is { Length: > 0 } gateways
                ? $"It gets no new requests, and {gateways} still has requests in flight to it."
                : "It gets no new requests, and has none in flight.";
        }
        if (replica.State != "pending") yield break;
        var services = found.Services().ToDictionary(s => s.Name);
        foreach (var dependency in state.Spec(replica.Assignment.Revision)?.Find(replica.Service)?.DependsOn ?? [])
            if (services.GetValueOrDefault(dependency.Service.Value) is { } other && other.Ready < other.Desired)
                yield return Invariant($"It depends on {other.Name}: {other.Ready} of {other.Desired} are ready.");
    }

    private static IEnumerable<string> OfService(
        ClusterState state, Survey found, ServiceView service, IReadOnlyList<string> refusals)
    {
        var replicas = found.Replicas
            .Where(r => r.Service.Value == service.Name).OrderBy(r => r.Assignment.Replica).ToList();
        yield return Invariant($"{service.Name} shall have {Counted(service.Desired, "replica")} on revision ")
                     + Invariant($"{found.Revision}: {service.Ready} ready, {service.Updated} of them up to date.");
        if (state.EffectiveSpec?.Find(ServiceName.Of(service.Name)) is { IsJob: true } job)
            foreach (var sentence in JobWords.Of(state, job)) yield return sentence;
        foreach (var scale in state.Asked?.Value.Scale ?? [])
            if (scale.Service.Value == service.Name)
                yield return "The count was set by hand (`tangram scale`), not by the file.";
        foreach (var replica in replicas.Where(r => !r.Counts || !r.Routed))
        {
            var because = replica.Seen is { Because.Length: > 0 } ? replica.Seen.Because : replica.Assignment.Because;
            var detail = because == "" ? "" : $": {because}";
            var place = Place(replica.Node, replica.Zone);
            yield return $"{replica.Assignment.Replica} is {replica.State} on {place}{detail}.";
        }
        var missing = service.Desired - service.Ready > 0 && replicas.Exists(r => r.Assignment.Run is not null)
            ? 0 : service.Desired - replicas.Count(r => !r.Lost && r.Assignment.Intent == Intent.Run);
        if (missing > 0) yield return Invariant($"{Counted(missing, "replica")} has no node.");
        foreach (var refusal in refusals) yield return $"{refusal.TrimEnd('.')}.";
        if (RolloutSentence(state) is { } rollout) yield return rollout;
    }

    private static IEnumerable<string> OfNode(ClusterState state, Survey found, NodeName name, ZoneName? zone)
    {
        var node = state.Nodes.GetValueOrDefault(name);
        var running = found.Replicas.Where(r => r.Node == name).Select(r => r.Assignment.Replica).Order().ToList();
        var word = Look.NodeWord(state, name);
        var still = word == "drained" && running.Count > 0 ? "being drained" : word;
        yield return $"{Place(name, zone)} is {still}, with {Counted(running.Count, "replica")}"
                     + (running.Count == 0 ? "." : $": {Listed(running.Select(r => r.Value))}.");
        if (node?.Dead is { } dead) yield return $"It was declared dead because {dead.Value.Because}.";
        if (word == "silent")
            yield return "No agent holds its lease. If nobody hears it soon, its replicas are started elsewhere.";
        if (word == "restarting")
            yield return "Its agent has ended to be followed by another, as in an upgrade. Its replicas run on, and "
                + $"are started elsewhere if none follows within {Membership.AwayTime.TotalSeconds:0} s.";
        if (state.Asked?.Value.Drained.Contains(name) == true)
            yield return $"People asked to drain it: nothing is placed on it until `tangram undrain {name}`.";
    }

    private static IEnumerable<string> OfCluster(ClusterState state, Survey found, string name)
    {
        var status = Look.Status(state, name);
        yield return $"{name} is {(status.Ready ? "ready" : "not ready")}, on revision {status.Revision}.";
        if (state.Asked is null) yield return "Nothing is deployed yet. Start with `tangram deploy`.";
        if (status.Leader is null) yield return "It has no leader, so nothing is planned: what runs goes on.";
        if (RolloutSentence(state) is { } rollout) yield return rollout;
        foreach (var service in found.Services().Where(s => s.Updated < s.Desired))
            yield return Invariant($"{service.Name} has {service.Updated} of {service.Desired} replicas ready and ")
                         + "up to date.";
        foreach (var node in status.Nodes.Where(n => n.State != "ready")) yield return $"{node.Name} is {node.State}.";
        foreach (var replica in found.Replicas.Where(r => r is { Ready: true, Routed: false }))
            yield return $"{replica.Assignment.Replica} is ready, and not yet routed by every gateway.";
        foreach (var trouble in status.GatewayTroubles) yield return $"{trouble.Gateway}: {trouble.What.TrimEnd('.')}.";
        foreach (var sentence in AcmeWords.Troubles(state)) yield return sentence;
    }

    private static string? RolloutSentence(ClusterState state) =>
        state.Rollout?.Value is { Stage: not RolloutStage.Done } rollout
        ? Invariant($"Revision {rollout.Target} is {Rollouts.Words(rollout.Stage)}")
          + (rollout.Because == "" ? "." : $": {rollout.Because.TrimEnd('.')}.")
        : null;

    private static string Place(NodeName node, ZoneName? zone) => zone is null ? node.Value : $"{node} (zone {zone})";
    private static string Listed(IEnumerable<string> names) => string.Join(", ", names);
    private static string Counted(int count, string noun) => Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");
    private static string Times(int count) => count == 1 ? "once" : Invariant($"{count} times");
    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
