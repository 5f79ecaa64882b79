using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>The nodes of a cluster on one machine. Killing one is practice: its agent and replicas vanish without a
/// word, as a machine that loses its power does.</summary>
internal sealed class VirtualNodes(NodeServices services, StateWatch watch, Action<Effect.Send> send)
{
    private sealed record Running(NodeAgent Agent, Task Task, Action<ClusterState> Listener);

    private readonly SortedDictionary<NodeName, Running> _running = [];
    private readonly SortedDictionary<NodeName, ZoneName> _known = [];
    private readonly SortedDictionary<NodeName, ITimer> _revivals = [];
    private readonly Lock _gate = new();
    private bool _ending;

    /// <summary>How long a killed node may be off, and how soon it is tried again to start it.</summary>
    private static readonly TimeSpan LongestOff = TimeSpan.FromDays(30), Again = TimeSpan.FromSeconds(1);

    public IReadOnlyList<NodeName> Names
    {
        get { lock (_gate) return [.. _known.Keys]; }
    }

    /// <summary>Every record of a running replica, for the orphan sweep.</summary>
    public IReadOnlyList<ReplicaRecord> Replicas
    {
        get { lock (_gate) return [.. _running.Values.SelectMany(r => r.Agent.Running)]; }
    }

    /// <summary>Prepares the agents of nodes that have none yet: they adopt what runs, and start nothing before
    /// <see cref="Start"/>.</summary>
    public IReadOnlyList<NodeAgent> Prepare(ClusterSpec spec)
    {
        var agents = new List<NodeAgent>();
        lock (_gate)
            foreach (var (node, zone) in spec.VirtualNodes())
                if (_known.TryAdd(node, zone)) agents.Add(AgentOf(node, zone));
        return agents;
    }

    public void Start(NodeAgent agent)
    {
        Running running;
        lock (_gate) running = Run(agent);
        Follow(running);
    }

    public void Deliver(Effect.Send message)
    {
        lock (_gate)
            if (message.To is { } to && _running.TryGetValue(to, out var node))
                node.Agent.Post(new Event.Heard(message.Message));
    }

    /// <summary>Null when done, else the sentence that refuses.</summary>
    public string? Kill(NodeName node, TimeSpan? revivedAfter)
    {
        Running? running;
        if (revivedAfter > LongestOff) return $"a node is off for {LongestOff.TotalDays:0} days at most";
        lock (_gate)
            if (!_running.Remove(node, out running)) return $"{node} is off already";
        watch.Leave(running.Listener);
        running.Agent.PowerOff();
        services.Announce(node.Value, "killed for practice: its agent and its replicas are gone without a word");
        if (revivedAfter is { } after)
            lock (_gate)
                // On a full disk the first attempts fail.
                if (!_ending) _revivals[node] = services.Clock.Time.CreateTimer(_ => Revive(node), null, after, Again);
        return null;
    }

    public string? Kill(ReplicaName replica)
    {
        lock (_gate)
            return _running.Values.Any(r => r.Agent.Kill(replica)) ? null : $"{replica} does not run here";
    }

    public string? Revive(NodeName node)
    {
        Running running;
        lock (_gate)
        {
            if (!_known.TryGetValue(node, out var zone)) return $"there is no node '{node}'";
            if (_running.ContainsKey(node)) return $"{node} runs already";
            if (_ending) return "the cluster is being stopped";
            try { running = Run(AgentOf(node, zone)); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return $"{node} cannot be started: {e.Message}";
            }
            if (_revivals.Remove(node, out var timer)) timer.Dispose();
        }
        Follow(running);
        services.Announce(node.Value, "has power again");
        return null;
    }

    /// <summary>Call it under the gate, and <see cref="Follow"/> after it.</summary>
    private Running Run(NodeAgent agent) => _running[agent.Name] = new Running(agent, agent.RunAsync(),
        state => agent.Post(new Event.StateChanged(state)));

    /// <summary>Not under the gate: another listener of the watch waits for the gate.</summary>
    private void Follow(Running running)
    {
        watch.Listen(running.Listener);
        lock (_gate)
            if (_running.GetValueOrDefault(running.Agent.Name) == running) return;
        // It was killed meanwhile.
        watch.Leave(running.Listener);
    }

    /// <summary>None is started any more. Those that run.</summary>
    private Running[] End()
    {
        _ending = true;
        foreach (var timer in _revivals.Values) timer.Dispose();
        _revivals.Clear();
        return [.. _running.Values];
    }

    private NodeAgent AgentOf(NodeName node, ZoneName zone) => new(services,
        new NodeIdentity(node, zone, [], new Resources(), Incarnation: 0), ClusterHost.Ttl, send);

    /// <summary>Ends every replica in order; cancel <paramref name="atOnce"/> to end them at once.</summary>
    public async Task StopAllAsync(CancellationToken atOnce)
    {
        Running[] running;
        lock (_gate) running = End();
        await Task.WhenAll(running.Select(r => r.Agent.StopAllAsync(atOnce))).ConfigureAwait(false);
    }

    /// <summary>Ends the agents; the replicas go on running.</summary>
    public async Task LeaveAsync()
    {
        Running[] running;
        lock (_gate) running = End();
        foreach (var node in running) node.Agent.Leave();
        await Task.WhenAll(running.Select(r => r.Task)).ConfigureAwait(false);
    }
}
