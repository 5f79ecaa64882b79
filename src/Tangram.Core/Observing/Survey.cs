using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>One assigned replica with all that is known of it.</summary>
/// <param name="Lost">Its node is silent or dead: what was last seen says nothing about now.</param>
/// <param name="UpToDate">It has the content of the revision in force.</param>
/// <param name="Revision">See <see cref="ReplicaView"/>.</param>
/// <param name="Routed">Every live gateway has seen it in its present phase, or it needs none.</param>
internal sealed record FoundReplica(
    Assignment Assignment, NodeName Node, ZoneName? Zone, SeenReplica? Seen, bool Lost, bool UpToDate, int Revision,
    bool Routed)
{
    /// <summary>What people asked of gateways for it; null: nothing.</summary>
    public BackendAsked? Asked { get; init; }

    /// <summary>Of its node; null: this machine.</summary>
    public string? Address { get; init; }

    public ServiceName Service => Assignment.Service;
    public bool Ready => !Lost && Assignment.Intent == Intent.Run && Seen?.Phase == Phase.Ready;

    /// <summary>It did its work and its restart policy lets it rest: all that was desired of it. Of a job's replica
    /// that is remembered, whatever became of its node.</summary>
    public bool Completed => Assignment.Ended == Phase.Completed ||
        !Lost && Assignment.Intent == Intent.Run && Seen?.Phase == Phase.Completed;

    /// <summary>It is one of those that were asked for.</summary>
    public bool Counts => UpToDate && (Ready || Completed);

    public bool Running => !Lost && Assignment.Intent == Intent.Run
        && Seen?.Phase is Phase.Starting or Phase.Ready or Phase.Unready;

    public string State => this switch
    {
        { Assignment.Ended: { } ended } => Look.Camel(ended.ToString()),
        { Lost: true } => "lost",
        { Seen: null } => "pending",
        { Assignment.Intent: Intent.Stop, Seen.Phase: not (Phase.Stopped or Phase.Completed or Phase.Failed) } =>
            "stopping",
        { Assignment.Intent: Intent.Drain, Seen.Phase: Phase.Ready or Phase.Unready } => "draining",
        _ => Look.Camel(Seen.Phase.ToString()),
    };
}

/// <summary>The state, looked over once: what is desired, and every replica.</summary>
internal sealed class Survey
{
    private readonly ClusterState _state;
    private readonly Dictionary<(ServiceName, int), bool> _upToDate = [];
    private readonly Dictionary<ReplicaName, BackendAsked> _asked;

    private Survey(ClusterState state)
    {
        _state = state;
        _asked = (state.Asked?.Value.Backends ?? []).ToDictionary(b => b.Replica);
        Revision = state.Rollout?.Value.Effective ?? state.Asked?.Value.Revision ?? 0;
        Desired = [.. (state.EffectiveSpec?.Services ?? []).Select(s => (s, Count(s)))];
        Replicas = [.. state.Nodes.Values.SelectMany(n => n.Assignments.Select(a => Find(n, a)))];
    }

    public static Survey Of(ClusterState state) => new(state);

    /// <summary>In force. 0: none.</summary>
    public int Revision { get; }
    public IReadOnlyList<(ServiceSpec Service, int Count)> Desired { get; }
    public IReadOnlyList<FoundReplica> Replicas { get; }

    /// <summary>The services in force, then those that still run though nobody wants them.</summary>
    public IEnumerable<ServiceView> Services()
    {
        var byService = Replicas.ToLookup(r => r.Service);
        foreach (var (service, count) in Desired)
            if (service.IsJob) yield return JobView(service, count, byService[service.Name]);
            else yield return View(service.Name, count, byService[service.Name]);
        foreach (var left in byService.Select(g => g.Key).Except(Desired.Select(d => d.Service.Name)).Order())
            if (byService[left].Any(r => r is { Lost: false, Seen.Pid: not null }))
                yield return View(left, 0, byService[left]);
    }

    /// <summary>The live gateways that have not yet taken in what a node last said.</summary>
    public IEnumerable<string> Behind(NodeState node) =>
        _state.Gateways.Where(g => g.Value.Value.Applied < (node.Seen?.ModRevision ?? 0)).Select(g => g.Key);

    /// <summary>A job is judged by what is remembered of it: completions count wherever they were made. What only a
    /// schedule runs is never missing.</summary>
    private ServiceView JobView(ServiceSpec job, int desired, IEnumerable<FoundReplica> replicas)
    {
        var revision = replicas.Select(r => r.Revision).DefaultIfEmpty().Max();
        if (job.Schedule is not null) return new ServiceView(job.Name.Value, 0, 0, 0, revision);
        var run = Jobs.Standing(_state, job);
        var done = run?.Completed.Count ?? 0;
        if (run is { Outcome: RunOutcome.Succeeded }) desired = done;
        return new ServiceView(job.Name.Value, desired, done, done, revision);
    }

    private static ServiceView View(ServiceName name, int desired, IEnumerable<FoundReplica> all)
    {
        var replicas = all.ToList();
        var running = replicas.Where(r => r.Running || r.Completed).ToList();
        var newest = running.Exists(r => r.UpToDate) ? running.Where(r => r.UpToDate) : running;
        return new ServiceView(name.Value, desired, replicas.Count(r => r.Ready || r.Completed),
            replicas.Count(r => r.Counts), newest.Select(r => r.Revision).DefaultIfEmpty().Max());
    }

    private int Count(ServiceSpec service) => service.Deploy.Mode == DeployMode.Global
        ? _state.Nodes.Values.Count(n => n.Alive && !_state.Asked!.Value.Drained.Contains(n.Name) && Allows(service, n))
        : _state.Asked!.Value.ReplicasOf(service);

    private static bool Allows(ServiceSpec service, NodeState node)
    {
        foreach (var constraint in service.Deploy.Placement.Constraints)
        {
            var actual = constraint.Attribute switch
            {
                "node.hostname" or "node.id" => node.Name.Value,
                "node.zone" or "node.labels.zone" => node.Zone?.Value,
                var label => node.Seen?.Value.Labels.FirstOrDefault(l => "node.labels." + l.Name == label)?.Value,
            };
            if (actual == constraint.Value != constraint.Equal) return false;
        }
        return true;
    }

    private FoundReplica Find(NodeState node, Assignment assignment)
    {
        var upToDate = UpToDate(assignment);
        var serves = _state.EffectiveSpec?.Find(assignment.Service)?.Serves ?? false;
        var routed = !serves || (_state.Gateways.Count > 0 && !Behind(node).Any());
        return new FoundReplica(assignment, node.Name, node.Zone, node.Find(assignment.Replica), !node.Alive, upToDate,
            upToDate ? Revision : assignment.Revision, routed)
        {
            Asked = _asked.GetValueOrDefault(assignment.Replica), Address = node.Seen?.Value.Address,
        };
    }

    private bool UpToDate(Assignment assignment)
    {
        if (assignment.Revision == Revision) return true;
        var key = (assignment.Service, assignment.Revision);
        if (_upToDate.TryGetValue(key, out var known)) return known;
        var now = _state.EffectiveSpec?.Find(assignment.Service);
        var then = _state.Spec(assignment.Revision)?.Find(assignment.Service);
        return _upToDate[key] = now is not null && then is not null && now.Template == then.Template;
    }
}
