using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Simulation;

/// <summary>What happens between a machine that asks for something and the others that notice.</summary>
public sealed partial class Simulator
{
    /// <summary>A drained replica is asked to end: no gateway may have a request there that its grace would have let
    /// end. One that the store did not know for long, or has not known for long, is not waited for.</summary>
    private void Stop(ReplicaName replica)
    {
        var assignment =
            _store.State.Nodes.Values.SelectMany(n => n.Assignments).FirstOrDefault(a => a.Replica == replica);
        foreach (var (name, traffic) in _traffic)
            if (_actors[name].Machine is GatewayMachine gateway && traffic.InFlight(replica) > 0 &&
                (_store.State.Gateways.ContainsKey(name) || gateway is { Registered: false, Alone: false }) &&
                assignment?.Because.StartsWith("drained", StringComparison.Ordinal) == true)
                _invariants.Violated(
                    $"{replica} was stopped with {traffic.InFlight(replica)} requests of {name} in flight");
        _processes.Signal(replica);
    }

    private void Exited(SimulatedProcess process, int code)
    {
        if (!_actors.TryGetValue($"agent {process.Node}", out var agent)) return;
        var life = agent.Life;
        _agenda.After(TimeSpan.FromMilliseconds(1),
            () => agent.Give(life, new ReplicaEvent.Exited(process.Replica, process.Start, code, "")));
    }

    private void Send(Effect.Send send)
    {
        if (send.To is not { } node) foreach (var server in _servers) Send(server, send);
        else if (_agents.TryGetValue(node, out var agent)) Send(agent, send);
    }

    private void Send(Actor actor, Effect.Send send)
    {
        if (!Reachable(actor) || _rng.Chance(_loss)) return;
        var life = actor.Life;
        _agenda.After(_store.Delay(), () => actor.Give(life, new Event.Heard(send.Message)));
    }
}
