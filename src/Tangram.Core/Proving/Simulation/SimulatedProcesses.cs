using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>How a simulated version of a service behaves; named by the first word of its command.</summary>
internal static class Behaviours
{
    public const string Good = "good";
    public const string Exits = "exits";
    public const string NeverReady = "never-ready";
    public const string HalfBroken = "half-broken";

    public static readonly string[] All = [Good, Good, Good, Exits, NeverReady, HalfBroken];

    public static string Of(ServiceSpec spec) => spec.Command[0];

    public static bool IsBroken(ServiceSpec spec) =>
        spec.IsJob ? SimulatedJobs.IsBroken(spec) : Of(spec) != Good;
}

internal sealed class SimulatedProcess(ReplicaName replica, NodeName node, ServiceSpec spec, int revision, int start,
    int pid, int port, Instant readyAt)
{
    public ReplicaName Replica => replica;
    public NodeName Node => node;
    public ServiceSpec Spec => spec;
    public int Revision => revision;
    public int Start => start;
    public int Pid => pid;
    public int Port => port;

    public bool Ready(Instant now) => now >= readyAt &&
        (spec.IsJob || Behaviours.Of(spec) is Behaviours.Good or Behaviours.HalfBroken);
}

/// <summary>The processes of all nodes. They outlive agents and die with their node's power.</summary>
internal sealed class SimulatedProcesses(Agenda agenda, Rng rng, SimulatedJobs jobs)
{
    private readonly SortedDictionary<ReplicaName, SimulatedProcess> _running = [];
    private readonly Dictionary<NodeName, SortedDictionary<ReplicaName, SimulatedProcess>> _onNode = [];
    private readonly Dictionary<ReplicaName, int> _starts = [];
    private readonly Dictionary<NodeName, Instant> _guards = [];
    private int _pids = 100;

    public IEnumerable<SimulatedProcess> Running => _running.Values;

    /// <summary>A process ended: node, replica, start, exit code.</summary>
    public Action<SimulatedProcess, int>? Exited { get; set; }

    public Action<string>? Violated { get; set; }

    public SimulatedProcess? Find(ReplicaName replica) => _running.GetValueOrDefault(replica);

    public void Launch(NodeName node, ReplicaEffect.Launch launch, Action<ReplicaEvent.Launched> answer)
    {
        if (_running.TryGetValue(launch.Replica, out var twin))
        {
            Violated?.Invoke($"{launch.Replica} was started on {node} while it runs on {twin.Node}");
            return;
        }
        if (launch.Spec.IsJob && jobs.Completed(launch.Replica))
            Violated?.Invoke($"{launch.Replica} was started on {node} though it has done its work");
        // The guard lives before the gate opens: the program of one that comes too late never runs.
        if (launch.Spec.Singleton && GuardOf(node) <= agenda.Now)
        {
            answer(new ReplicaEvent.Launched(launch.Replica, launch.Start, 0, 0, "its guard ended it at its gate"));
            return;
        }
        if (launch.Spec.Singleton && _running.Values.FirstOrDefault(p => p.Spec.Name == launch.Spec.Name) is { } other)
            Violated?.Invoke($"{launch.Replica} of a singleton was started on {node} while {other.Replica} runs " +
                             $"on {other.Node}");
        var port = launch.Port ?? 20_000 + rng.Next(9_000);
        var readyAt = agenda.Now + rng.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));
        var process = new SimulatedProcess(launch.Replica, node, launch.Spec, launch.Revision, launch.Start, ++_pids,
            port, readyAt);
        _running[launch.Replica] = process;
        OnNode(node)[launch.Replica] = process;
        _starts[launch.Replica] = launch.Start;
        answer(new ReplicaEvent.Launched(launch.Replica, launch.Start, process.Pid, port, null));
        if (launch.Spec.IsJob)
        {
            var (after, code) = jobs.EndOf(launch.Spec, launch.Start);
            agenda.After(after, () => End(process, code));
        }
        else if (Behaviours.Of(launch.Spec) == Behaviours.Exits)
            agenda.After(rng.Between(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(500)), () =>
                End(process, 3));
    }

    public void Signal(ReplicaName replica)
    {
        if (!_running.TryGetValue(replica, out var process)) return;
        var code = process.Spec.IsJob ? 143 : 0;
        agenda.After(rng.Between(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(1)), () => End(process, code));
    }

    public void Kill(ReplicaName replica)
    {
        if (_running.TryGetValue(replica, out var process)) End(process, 137);
    }

    /// <summary>Until when the singletons of a node may run.</summary>
    public Instant GuardOf(NodeName node) => _guards.GetValueOrDefault(node);

    /// <summary>It is no part of the agent: it ends them in time when that is gone or asleep.</summary>
    public void Guard(NodeName node, Instant until)
    {
        _guards[node] = until;
        agenda.After(until - agenda.Now, () =>
        {
            if (GuardOf(node) > agenda.Now) return;
            foreach (var process in _running.Values.Where(p => p.Node == node && p.Spec.Singleton).ToArray())
                End(process, 137);
        });
    }

    public void PowerOff(NodeName node)
    {
        foreach (var replica in OnNode(node).Keys) _running.Remove(replica);
        _onNode.Remove(node);
    }

    /// <summary>What a restarted agent finds: living processes, and records of those that ended meanwhile.</summary>
    public IEnumerable<Survivor> Survivors(NodeName node, IEnumerable<Assignment> records)
    {
        foreach (var process in OnNode(node).Values)
            yield return new Survivor(process.Replica, process.Spec.Name, process.Revision, process.Start, process.Pid,
                process.Port, process.Spec.Singleton);
        foreach (var record in records.Where(r => !_running.ContainsKey(r.Replica) && _starts.ContainsKey(r.Replica)))
            yield return new Survivor(record.Replica, record.Service, record.Revision, _starts[record.Replica], 0, 0,
                Exit: jobs.ExitOf(record.Replica, _starts[record.Replica]));
    }

    private SortedDictionary<ReplicaName, SimulatedProcess> OnNode(NodeName node)
    {
        if (!_onNode.TryGetValue(node, out var processes)) _onNode[node] = processes = [];
        return processes;
    }

    private void End(SimulatedProcess process, int code)
    {
        if (!_running.TryGetValue(process.Replica, out var now) || now != process) return;
        _running.Remove(process.Replica);
        OnNode(process.Node).Remove(process.Replica);
        if (process.Spec.IsJob) jobs.Ended(process, code);
        Exited?.Invoke(process, code);
    }
}
