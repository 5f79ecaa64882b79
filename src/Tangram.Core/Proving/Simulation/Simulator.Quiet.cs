using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>What a scenario uses that says itself what happens and when, instead of leaving it to chance; and how
/// changes reach the processes.</summary>
public sealed partial class Simulator
{
    private Ring? _toldRing;

    internal Agenda Agenda => _agenda;
    internal SimulatedStore Store => _store;
    internal SimulatedProcesses Processes => _processes;
    internal Invariants Invariants => _invariants;
    internal long Events => _events;

    /// <summary>What was announced about the cluster as a whole.</summary>
    internal IReadOnlyList<string> Said => _said;

    /// <summary>Starts everything and leaves it alone: no faults, no commands. Agents do not start in step.</summary>
    internal void StartQuietly()
    {
        for (var i = 1; i <= _options.Servers; i++) StartServer($"server-{i}");
        foreach (var node in Nodes)
            _agenda.After(_rng.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () => StartAgent(node));
        for (var i = 1; i <= _options.Gateways; i++) StartGateway($"gateway-{i}");
        Every(TimeSpan.FromMilliseconds(100), Beat);
    }

    /// <summary>Where the leader runs; null: nobody leads.</summary>
    internal string? Leader => _servers
        .Find(s => s.Machine is LeaderMachine machine && machine.Leading(_agenda.Now) is not null)?.Name;

    internal void Kill(string name) => _actors[name].Kill();

    internal void Tell(ClusterState state, StoreBatch batch)
    {
        if (!_options.Sparing || AgentNews.ForAll(batch))
        {
            TellAll(state);
            return;
        }
        foreach (var actor in _servers) actor.Watch(state);
        foreach (var name in _traffic.Keys) _actors[name].Watch(state);
        foreach (var node in AgentNews.About(batch))
            if (_agents.TryGetValue(node, out var agent) && Reachable(agent)) agent.Watch(state);
    }

    private void TellAll(ClusterState state)
    {
        foreach (var actor in _actors.Values)
            if (Reachable(actor)) actor.Watch(state);
    }

    private void TellOfTheRing()
    {
        if (ReferenceEquals(_toldRing, _store.State.Ring)) return;
        _toldRing = _store.State.Ring;
        TellAll(_store.State);
    }

    /// <summary>How long it took to come to this, looking every 10 ms; null when patience ended first.</summary>
    internal TimeSpan? RunUntil(Func<bool> reached, TimeSpan patience)
    {
        var begun = _agenda.Now;
        while (!reached())
        {
            if (_broken || _agenda.Now - begun >= patience) return null;
            RunUntil(_agenda.Now + TimeSpan.FromMilliseconds(10));
        }
        return _agenda.Now - begun;
    }
}
