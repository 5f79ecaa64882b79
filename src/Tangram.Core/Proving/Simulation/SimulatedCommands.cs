using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>The people: they deploy good and broken versions, scale, drain. A command that was acknowledged must never
/// be lost; one whose outcome is unknown is read back.</summary>
/// <param name="alone">Chance for the singleton alone, so that it shifts nothing else.</param>
internal sealed class SimulatedCommands(Agenda agenda, Rng rng, Rng alone, SimulatedStore store, Action<string> note,
    Action<string> violated)
{
    private const int Services = 3;
    private readonly List<string> _acknowledged = [];
    private readonly HashSet<string> _seen = [];
    private int _version = 1;
    private int _aloneVersion;
    private bool _busy;

    public int Sent { get; private set; }

    /// <summary>Null: the application has none.</summary>
    public SimulatedJobs? Jobs { get; init; }

    public void Watch() => store.Changed += (state, _) => _seen.Add(state.Asked?.Value.Command ?? "");

    public void First() =>
        Send("deploy revision 1", (_, command) => (new Asked { Revision = 1, Command = command },
            new Revision { Number = 1, Spec = Spec(Behaviours.Good) }));

    public void Next(NodeName[] nodes)
    {
        if (_busy) return;
        if (store.State.Asked is null)
        {
            First();
            return;
        }
        if (Jobs?.Chance(0.15) == true)
        {
            RunByHand();
            return;
        }
        switch (rng.Next(6))
        {
            case 0 or 1 or 2: Deploy(); break;
            case 3:
                var scale = new Scale(NameOf(rng.Next(Services)), 1 + rng.Next(6));
                Send($"scale {scale.Service}={scale.Replicas}", (asked, command) => (asked! with
                {
                    Scale = [.. asked.Scale.Where(s => s.Service != scale.Service), scale], Command = command,
                }, null));
                break;
            case 4:
                var node = nodes[rng.Next(nodes.Length)];
                Send($"drain {node}", (asked, command) => (asked! with { Drained = [node], Command = command }, null));
                break;
            default: Send("undrain", (asked, command) =>
                (asked! with { Drained = [], Command = command }, null)); break;
        }
    }

    private void RunByHand()
    {
        var job = ServiceName.Of("timed");
        var number = Coordinating.Jobs.Of(store.State, job).Asked + 1;
        Send($"run {job}", (asked, command) =>
            (asked! with { Runs = [new RunAsked(job, number)], Command = command }, null));
    }

    /// <summary>The last word: no node is drained.</summary>
    public void End()
    {
        _busy = false;
        if (store.State.Asked is null) First();
        else Send("undrain", (asked, command) => (asked! with { Drained = [], Command = command }, null));
    }

    public void CheckNothingLost()
    {
        foreach (var command in _acknowledged)
            if (!_seen.Contains(command)) violated($"the acknowledged command {command} never took effect");
    }

    private void Deploy()
    {
        var rollout = store.State.Rollout?.Value;
        if (rollout is null || (!rollout.Ended && rng.Chance(0.7))) return;
        var behaviour = Behaviours.All[rng.Next(Behaviours.All.Length)];
        var number = store.State.Revisions.Keys.LastOrDefault() + 1;
        Send($"deploy revision {number}, {behaviour}", (asked, command) => (
            asked! with { Revision = number, Command = command },
            new Revision { Number = number, Spec = Spec(behaviour) }));
    }

    private void Send(string what, Func<Asked?, string, (Asked, Revision?)> change)
    {
        var command = $"{++Sent}: {what}";
        var (asked, revision) = change(store.State.Asked?.Value, command);
        var ops = new List<StoreOp> { new StoreOp.Put(Keys.Asked, Json.Write(asked)) };
        var compares = new List<Compare> { Compare.Unchanged(Keys.Asked, store.State.Asked?.ModRevision ?? 0) };
        if (revision is not null)
        {
            ops.Add(new StoreOp.Put(Keys.Revision(revision.Number), Json.Write(revision)));
            compares.Add(Compare.Absent(Keys.Revision(revision.Number)));
        }
        note($"command {command}");
        _busy = true;
        store.Commit("people", new Txn { Compares = compares, Then = ops }, answer =>
        {
            _busy = false;
            if (answer is { Status: StoreStatus.Ok, Succeeded: true }) _acknowledged.Add(command);
            else if (answer.Status == StoreStatus.Unavailable) agenda.After(TimeSpan.FromMilliseconds(50), () =>
                Send(what, change));
        });
    }

    private static ServiceName NameOf(int service) => ServiceName.Of($"service{service}");

    private ClusterSpec Spec(string behaviour)
    {
        _version++;
        var changed = rng.Next(Services);
        var spec = new ClusterSpec
        {
            Name = "simulated",
            Zones = [ZoneName.Of("a"), ZoneName.Of("b"), ZoneName.Of("c")],
            Services = [Alone(), .. Jobs?.Specs() ?? [], .. Enumerable.Range(0, Services).Select(i => new ServiceSpec
            {
                Name = NameOf(i),
                Command = i == changed ? [behaviour, $"{_version}"] : [Behaviours.Good, "0"],
                Expose = [80],
                Routes = [new RouteSpec(null, $"/{i}")],
                DependsOn = i == 2 ? [new DependencySpec(NameOf(1), DependencyCondition.Healthy, true, false)] : [],
                Deploy = new DeploySpec
                {
                    Replicas = 2 + i,
                    Update = new UpdateSpec
                    {
                        Parallelism = 1 + rng.Next(2), Monitor = TimeSpan.FromSeconds(3),
                        Order = rng.Chance(0.25) ? UpdateOrder.StopFirst : UpdateOrder.StartFirst,
                    },
                },
            })],
        };
        return spec with { Services = spec.Services.OrderBy(s => s.Name).ToEquatableArray() };
    }

    /// <summary>Of which there must never be two. Now and then a revision changes it.</summary>
    private ServiceSpec Alone()
    {
        if (alone.Chance(0.3)) _aloneVersion++;
        var update = new UpdateSpec { Monitor = TimeSpan.FromSeconds(3), Order = UpdateOrder.StopFirst };
        return new ServiceSpec
        {
            Name = ServiceName.Of("alone"), Command = [Behaviours.Good, $"{_aloneVersion}"], Expose = [80],
            Singleton = true, Deploy = new DeploySpec { Update = update, Rollback = update },
        };
    }
}
