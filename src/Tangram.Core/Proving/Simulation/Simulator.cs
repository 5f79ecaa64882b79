using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Simulation;

/// <summary>A whole cluster in virtual time, in one thread, from one seed: the same machines that run for real, with
/// the clock, chance, store, network and processes simulated. A stretch of trouble, then the world heals, and the
/// cluster must converge; the invariants are checked at every write.</summary>
public sealed partial class Simulator
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);

    private readonly ulong _seed;
    private readonly SimulatorOptions _options;
    private readonly Rng _rng, _naps;
    private readonly Agenda _agenda = new();
    private readonly SimulatedStore _store;
    private readonly SimulatedProcesses _processes;
    private readonly Invariants _invariants;
    private readonly SortedDictionary<string, Actor> _actors = new(StringComparer.Ordinal);
    private readonly Dictionary<NodeName, Actor> _agents = [];
    private readonly List<Actor> _servers = [];
    private readonly SortedDictionary<string, SimulatedTraffic> _traffic = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _termIds = [];
    private readonly Dictionary<NodeName, long> _incarnations = [];
    private readonly HashSet<NodeName> _off = [];
    private readonly HashSet<NodeName> _cut = [];
    private readonly LinkedList<string> _trace = [];
    private readonly List<string> _said = [];
    private readonly SimulatedCommands _commands;
    private readonly SimulatedJobs _jobs;
    private readonly JobInvariants _jobInvariants;
    private double _loss;
    private long _events;
    private int _faults;
    private int _moves;
    private int _ids;

    internal Simulator(ulong seed, SimulatorOptions options)
    {
        (_seed, _options, _rng, _loss) = (seed, options, new Rng(seed), options.MessageLoss);
        _store = new SimulatedStore(_agenda, _rng.Split(), options);
        _jobs = new SimulatedJobs(_agenda, new Rng(seed ^ 0x6A6F6273), _store);
        _processes = new SimulatedProcesses(_agenda, _rng.Split(), _jobs);
        _invariants = new Invariants(_agenda);
        var alone = new Rng(~seed);
        _naps = alone.Split();
        _commands = new SimulatedCommands(_agenda, _rng.Split(), alone, _store, Note, _invariants.Violated)
        {
            Jobs = options.Jobs ? _jobs : null,
        };
        _jobInvariants = new JobInvariants(_invariants.Violated, _jobs);
        _processes.Violated = _invariants.Violated;
        _processes.Exited = Exited;
        _store.Applied = (who, before, txn) =>
        {
            _invariants.Check(who, before, txn, id => _termIds.GetValueOrDefault(id));
            _jobInvariants.Check(before, txn);
        };
        _store.Changed += Tell;
    }

    /// <summary>Runs one seed to its end.</summary>
    public static SimulationResult Run(ulong seed, SimulatorOptions? options = null) =>
        new Simulator(seed, options ?? new SimulatorOptions()).Run();

    internal IEnumerable<NodeName> Nodes =>
        from zone in Enumerable.Range(0, _options.Zones)
        from number in Enumerable.Range(1, InZone(zone))
        select NodeName.Of($"{(char)('a' + zone)}-{number}");

    private int InZone(int zone) => _options.Nodes is { } all
        ? (all + _options.Zones - 1 - zone) / _options.Zones
        : _options.NodesPerZone;

    private SimulationResult Run()
    {
        for (var i = 1; i <= _options.Servers; i++) StartServer($"server-{i}");
        foreach (var node in Nodes) StartAgent(node);
        for (var i = 1; i <= _options.Gateways; i++) StartGateway($"gateway-{i}");
        _commands.Watch();
        _commands.First();
        Every(TimeSpan.FromMilliseconds(100), Beat);
        Every(TimeSpan.FromSeconds(1), () => Maybe(_options.FaultsPerSecond, Fault));
        Every(TimeSpan.FromSeconds(1), () => Maybe(_options.CommandsPerSecond, () => _commands.Next([.. Nodes])));
        Every(TimeSpan.FromSeconds(1), Nap);
        if (_options.Jobs) Every(ClockEvery, ReadClocks);
        RunUntil(Instant.Zero + _options.Trouble);

        Heal();
        var healed = _agenda.Now;
        var complaints = Array.Empty<string>();
        while (!_broken && _agenda.Now - healed < _options.Patience)
        {
            RunUntil(_agenda.Now + TimeSpan.FromSeconds(1));
            complaints = [.. NotConverged()];
            if (complaints.Length == 0) break;
        }
        foreach (var complaint in complaints.Length == 0 ? [] : Diagnosis()) Note(complaint);
        foreach (var complaint in complaints) _invariants.Violated($"did not converge: {complaint}");
        _commands.CheckNothingLost();
        return new SimulationResult(_seed, _invariants.Violations, [.. _trace], _events, _agenda.Now - Instant.Zero,
            _agenda.Now - healed, _commands.Sent, _faults, _moves,
            _jobInvariants.Runs);
    }

    /// <summary>What someone who looks at a cluster that does not converge wants to know first.</summary>
    private IEnumerable<string> Diagnosis()
    {
        foreach (var actor in _actors.Values)
            if (actor.Machine is LeaderMachine leader && leader.Leading(_agenda.Now) is { } term)
                yield return $"{actor.Name} leads in term {term}; waiting: {leader.Waiting}";
        foreach (var (name, gateway) in _store.State.Gateways)
            yield return $"{name} applied {gateway.Value.Applied} of {_store.State.RoutedRevision}, " +
                         $"busy {gateway.Value.Busy}";
        yield return $"rollout {_store.State.Rollout?.Value}";
    }

    internal void RunUntil(Instant until)
    {
        try
        {
            while (!_broken && _agenda.Step(until))
            {
                _events++;
                _options.Clock?.Invoke(_agenda.Now);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // A machine that finds an invariant broken ends its process; here that ends the history.
            _invariants.Violated($"a machine broke: {e.Message}");
            _broken = true;
        }
    }

    private bool _healed;
    private bool _broken;

    private void Maybe(double probability, Action act)
    {
        if (!_healed && _rng.Chance(probability)) act();
    }

    private void Every(TimeSpan period, Action act)
    {
        act();
        _agenda.After(period, () => Every(period, act));
    }

    private void Beat()
    {
        _store.Tick();
        if (_options.Sparing && _agenda.Now.Ticks % AgentNews.RingEvery.Ticks < Event.Tick.Every.Ticks) TellOfTheRing();
        foreach (var (name, traffic) in _traffic)
        {
            if (!_actors[name].Up) continue;
            if (!_options.Sparing) traffic.Send();
            _actors[name].Give(_actors[name].Life, traffic.Seen());
        }
    }

    private void Note(string what)
    {
        _trace.AddLast($"{_agenda.Now} {what}");
        if (_trace.Count > 4000) _trace.RemoveFirst();
    }

    private bool Reachable(Actor actor) => actor.Node is not { } node || !_cut.Contains(node);

    private bool IsNode(string actor, out NodeName node)
    {
        node = default;
        if (!actor.StartsWith("agent ", StringComparison.Ordinal)) return false;
        node = NodeName.Of(actor[6..]);
        return true;
    }

    private Actor ActorOf(string name)
    {
        if (_actors.TryGetValue(name, out var actor)) return actor;
        var node = IsNode(name, out var found) ? found : (NodeName?)null;
        actor = _actors[name] = new Actor(name, node, _agenda, _store, _options, Perform);
        if (node is not null) _agents[node.Value] = actor;
        else if (name.StartsWith("server", StringComparison.Ordinal)) _servers.Add(actor);
        return actor;
    }

    internal void StartServer(string name)
    {
        var id = $"{name}#{++_ids}";
        _termIds[id] = name;
        ActorOf(name).Start(new LeaderMachine(name, id, Ttl));
    }

    private void StartAgent(NodeName node)
    {
        var incarnation = _incarnations[node] = _incarnations.GetValueOrDefault(node) + 1;
        var records = _store.State.Nodes.GetValueOrDefault(node)?.Assignments ?? [];
        ActorOf($"agent {node}").Start(new AgentMachine(
            new NodeIdentity(node, ZoneName.Of(node.Value[..1]), [], _options.Capacity, incarnation), Ttl,
            _processes.Survivors(node, records).Where(s => _options.Adopts?.Invoke(s) ?? true), _agenda.Now,
            _processes.GuardOf(node)));
    }

    internal void StartGateway(string name)
    {
        _traffic[name] = new SimulatedTraffic(_agenda, _rng.Split(), _processes);
        ActorOf(name).Start(new GatewayMachine(name, isPublic: false, Ttl));
    }

    private void Perform(Actor actor, Effect effect)
    {
        var life = actor.Life;
        var sent = _agenda.Now;
        if (!Reachable(actor) && effect is Effect.Commit or Effect.Grant or Effect.KeepAlive or Effect.Send) return;
        switch (effect)
        {
            case Effect.Commit c: _store.Commit(actor.Name, c.Txn, a =>
                actor.Give(life, new Event.Committed(c.Request, a))); break;
            case Effect.Grant g: _store.Grant(g.Ttl, a =>
                actor.Give(life, new Event.Leased(g.Request, a, sent))); break;
            case Effect.KeepAlive k: _store.KeepAlive(k.Lease, a =>
                actor.Give(life, new Event.Leased(k.Request, a, sent))); break;
            case Effect.Revoke r: _store.Revoke(r.Lease); break;
            case Effect.Send s: Send(s); break;
            case Effect.Announce a:
                if (a.What.StartsWith("stop ", StringComparison.Ordinal)) _moves++;
                if (a.Subject == "cluster") _said.Add(a.What);
                Note($"[{actor.Name}] {a.Subject}: {a.What}");
                break;
            case PublishRoutes p:
                _traffic[actor.Name].Publish(p.State);
                _agenda.After(TimeSpan.Zero, () => actor.Give(life, _traffic[actor.Name].Seen()));
                break;
            case GuardSingletons g when actor.Node is { } guarded: _processes.Guard(guarded, g.Until); break;
            case ReplicaEffect r when actor.Node is { } node: Perform(actor, life, node, r); break;
        }
    }

    private void Perform(Actor actor, int life, NodeName node, ReplicaEffect effect)
    {
        switch (effect)
        {
            case ReplicaEffect.Launch l:
                _agenda.After(TimeSpan.FromMilliseconds(2), () =>
                    { if (actor.Life == life) Launch(actor, life, node, l); });
                break;
            case ReplicaEffect.Signal s:
                _agenda.After(TimeSpan.FromMilliseconds(3), () => Stop(s.Replica));
                break;
            case ReplicaEffect.Kill k:
                _agenda.After(TimeSpan.FromMilliseconds(3), () => _processes.Kill(k.Replica));
                break;
            case ReplicaEffect.Check c:
                _agenda.After(TimeSpan.FromMilliseconds(2), () =>
                {
                    var process = _processes.Find(c.Replica);
                    var ok = process is not null && process.Start == c.Start && process.Ready(_agenda.Now);
                    actor.Give(life, new ReplicaEvent.Checked(c.Replica, c.Start, ok, ok ? "" : "not ready"));
                });
                break;
        }
    }

    private void Launch(Actor actor, int life, NodeName node, ReplicaEffect.Launch launch) =>
        _processes.Launch(node, launch, launched => actor.Give(life, launched));

    private void Fault()
    {
        _faults++;
        var nodes = Nodes.ToArray();
        var node = nodes[_rng.Next(nodes.Length)];
        var pause = _rng.Between(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(20));
        switch (_rng.Next(10))
        {
            case 0 or 1: CrashReplica(); break;
            case 2: Restart($"agent {node}", pause / 5, () => StartAgent(node)); break;
            case 3: PowerOff(node, pause); break;
            case 4: Restart($"server-{1 + _rng.Next(_options.Servers)}", pause / 2, null); break;
            case 5: Restart($"gateway-{1 + _rng.Next(_options.Gateways)}", pause / 2, null); break;
            case 6: PauseFor($"server-{1 + _rng.Next(_options.Servers)}", pause); break;
            case 7: CutOff(node, pause); break;
            case 8: Lossy(pause); break;
            default: SlowStore(pause); break;
        }
    }

    private void CrashReplica()
    {
        var running = _processes.Running.ToArray();
        if (running.Length == 0) return;
        var victim = running[_rng.Next(running.Length)];
        Note($"fault: {victim.Replica} crashes");
        _processes.Kill(victim.Replica);
    }

    private void Restart(string name, TimeSpan after, Action? start)
    {
        if (!_actors[name].Up || (IsNode(name, out var node) && _off.Contains(node))) return;
        Note($"fault: {name} is killed for {after.TotalSeconds:0.0} s");
        _actors[name].Kill();
        _agenda.After(after, () =>
        {
            if (_actors[name].Up || (IsNode(name, out var n) && _off.Contains(n))) return;
            if (start is not null) start();
            else if (name.StartsWith("server", StringComparison.Ordinal)) StartServer(name);
            else StartGateway(name);
        });
    }

    private void PowerOff(NodeName node, TimeSpan pause)
    {
        if (_off.Contains(node)) return;
        Note($"fault: {node} loses power for {pause.TotalSeconds:0.0} s");
        PowerOff(node);
        _agenda.After(pause, () => PowerOn(node));
    }

    internal void PowerOff(NodeName node)
    {
        _off.Add(node);
        _agents[node].Kill();
        _processes.PowerOff(node);
    }

    internal void PowerOn(NodeName node)
    {
        if (!_off.Remove(node)) return;
        Note($"{node} has power again");
        StartAgent(node);
    }

    private void PauseFor(string name, TimeSpan pause)
    {
        if (!_actors[name].Up || _actors[name].Paused) return;
        Note($"fault: {name} is paused for {pause.TotalSeconds:0.0} s");
        var life = _actors[name].Life;
        _actors[name].Pause();
        _agenda.After(pause, () => { if (_actors[name].Life == life) _actors[name].Resume(); });
    }

    /// <summary>An agent sleeps and its replicas do not: what its singletons' guard is for.</summary>
    private void Nap()
    {
        var node = Nodes.ElementAt(_naps.Next(_options.Zones * _options.NodesPerZone));
        var pause = _naps.Between(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(10));
        if (!_healed && _naps.Chance(_options.FaultsPerSecond / 8)) PauseFor($"agent {node}", pause);
    }

    private void CutOff(NodeName node, TimeSpan pause)
    {
        if (!_cut.Add(node)) return;
        Note($"fault: {node} is cut off for {pause.TotalSeconds:0.0} s");
        _agenda.After(pause, () => Reconnect(node));
    }

    private void Reconnect(NodeName node)
    {
        if (!_cut.Remove(node)) return;
        Note($"{node} is connected again");
        _actors[$"agent {node}"].Watch(_store.State);
    }

    private void Lossy(TimeSpan pause)
    {
        Note($"fault: a fifth of all messages is lost for {pause.TotalSeconds:0.0} s");
        _loss = 0.2;
        _agenda.After(pause, () => _loss = _healed ? 0 : _options.MessageLoss);
    }

    private void SlowStore(TimeSpan pause)
    {
        Note($"fault: the store is slow for {pause.TotalSeconds:0.0} s");
        _store.Slowness = TimeSpan.FromMilliseconds(800);
        _agenda.After(pause, () => _store.Slowness = TimeSpan.FromMilliseconds(2));
    }

    private void Heal()
    {
        Note("the world heals");
        (_healed, _loss, _store.Healed, _store.Slowness) = (true, 0, true, TimeSpan.FromMilliseconds(2));
        _commands.End();
        _jobs.Heal();
        foreach (var node in _cut.ToArray()) Reconnect(node);
        foreach (var node in _off.ToArray()) PowerOn(node);
        foreach (var actor in _actors.Values.Where(a => a.Paused).ToArray()) actor.Resume();
        foreach (var actor in _actors.Values.Where(a => !a.Up).ToArray())
        {
            if (IsNode(actor.Name, out var node)) StartAgent(node);
            else if (actor.Name.StartsWith("server", StringComparison.Ordinal)) StartServer(actor.Name);
            else StartGateway(actor.Name);
        }
    }
}
