using Tangram.Model;
using static Tangram.Coordinating.Decision;

namespace Tangram.Coordinating;

/// <summary>What people can ask of the cluster. Each command looks at the state it is given and comes to one
/// transaction, which compares <c>asked</c>; when that fails, read again and decide again.</summary>
public static class Commands
{
    /// <summary>Far above what one cluster holds: a typing error shall not start a million processes.</summary>
    public const int MostReplicas = 100_000;

    /// <summary>Makes <paramref name="spec"/> the wanted one, as a new revision.</summary>
    public static Decision Deploy(ClusterState state, CommandStamp by, ClusterSpec spec, bool supersede)
    {
        if (state.Asked is not { } asked) return NewRevision(state, by, spec, "deploy");
        var known = state.Spec(asked.Value.Revision);
        if (known is not null && known.Name != spec.Name)
            return Bad($"the file describes the cluster '{spec.Name}', and this is '{known.Name}'. " +
                       "A deploy changes one cluster: name the right one, or start the other with `tangram up`");
        if (Rollouts.InProgress(state))
        {
            var number = asked.Value.Revision;
            if (known == spec)
                return new Unchanged(number, $"revision {number} has this content and is going out already");
            if (!supersede) return Busy(state);
        }
        else if (Rollouts.Succeeded(state) && known == spec)
            return new Unchanged(asked.Value.Revision,
                $"nothing to change: revision {asked.Value.Revision} has this content");
        else if (state.Rollout!.Value is { Stage: RolloutStage.RolledBack } back && state.Spec(back.Current) == spec)
            return new Unchanged(back.Current, $"nothing to change: revision {back.Current} has this content");
        return NewRevision(state, by, spec, "deploy");
    }

    /// <summary>Asks for the content of the revision that was in force before this one, as a new revision. It also ends
    /// a rollout that is in progress.</summary>
    public static Decision Rollback(ClusterState state, CommandStamp by)
    {
        if (state.Asked is null) return NothingDeployed();
        if (RevisionHistory.Before(state) is not { } before)
            return Conflict("there is no earlier revision to roll back to. Deploy the file you want instead");
        if (Rollouts.InProgress(state) && state.Spec(state.Asked.Value.Revision) == before.Spec)
            return new Unchanged(state.Asked.Value.Revision,
                $"revision {state.Asked.Value.Revision}, with the content of revision {before.Number}, " +
                "goes out already");
        return NewRevision(state, by, before.Spec, $"rollback to revision {before.Number}", before.Number);
    }

    /// <summary>Sets how many replicas services have, all at once. The count stays until a deploy whose file asks for
    /// another one.</summary>
    public static Decision Scale(ClusterState state, CommandStamp by, EquatableArray<Scale> wanted)
    {
        if (state.Asked is not { } asked) return NothingDeployed();
        if (state.Spec(asked.Value.Revision) is not { } spec) return NothingDeployed();
        var scale = asked.Value.Scale.ToDictionary(s => s.Service, s => s.Replicas);
        foreach (var (name, replicas) in wanted)
        {
            if (spec.Find(name) is not { } service)
                return Bad($"there is no service '{name}'. The services are: " +
                           Listed(spec.Services.Select(s => s.Name.Value)));
            if (service.Deploy.Mode == DeployMode.Global)
                return Bad($"'{name}' is global: it has one replica on every node, so it cannot be scaled. " +
                           "Drain a node to have one less");
            if (replicas is < 0 or > MostReplicas)
                return Bad($"'{name}' cannot have {replicas} replicas. Use 0 to {MostReplicas}");
            if (service.IsJob && replicas > JobRuns.MostCompletions)
                return Bad($"'{name}' is a job, and has at most {JobRuns.MostCompletions} completions");
            if (service.Singleton && replicas > 1)
                return Bad($"'{name}' is a singleton: there are never two of it. Use 0 or 1, or deploy it without " +
                           "x-tangram.singleton");
            if (replicas == service.Deploy.Replicas) scale.Remove(name);
            else scale[name] = replicas;
        }
        var next = asked.Value with { Scale = Sorted(scale) };
        var what = string.Join(", ", wanted.Select(w => $"{w.Service} to {w.Replicas}"));
        return next == asked.Value
            ? new Unchanged(asked.Value.Revision, $"nothing to change: {what} is what is asked for")
            : Ask(state, by, next, $"scale {what}");
    }

    /// <summary>Has the leader move every replica away from a node and place none there.</summary>
    public static Decision Drain(ClusterState state, CommandStamp by, NodeName node)
    {
        if (state.Asked is not { } asked) return NothingDeployed();
        if (asked.Value.Drained.Contains(node))
            return new Unchanged(asked.Value.Revision, $"{node} is drained already");
        var names = KnownNodes.Of(state).Keys;
        if (!names.Contains(node))
            return Bad($"there is no node '{node}'. The nodes are: {Listed(names.Select(n => n.Value))}");
        return Ask(state, by,
            asked.Value with { Drained = asked.Value.Drained.Append(node).Order().ToEquatableArray() },
            $"drain {node}");
    }

    public static Decision Undrain(ClusterState state, CommandStamp by, NodeName node)
    {
        if (state.Asked is not { } asked) return NothingDeployed();
        if (asked.Value.Drained.Contains(node))
            return Ask(state, by,
                asked.Value with { Drained = asked.Value.Drained.Where(n => n != node).ToEquatableArray() },
                $"undrain {node}");
        var names = KnownNodes.Of(state).Keys;
        return names.Contains(node)
            ? new Unchanged(asked.Value.Revision, $"{node} is not drained")
            : Bad($"there is no node '{node}'. The nodes are: {Listed(names.Select(n => n.Value))}");
    }

    /// <summary>Has a job run once now, beside its schedule or the revision that brought it.</summary>
    public static Decision Run(ClusterState state, CommandStamp by, ServiceName name)
    {
        if (state.Asked is not { } asked || state.EffectiveSpec is not { } spec) return NothingDeployed();
        if (spec.Find(name) is not { } service)
            return Bad($"there is no service '{name}'. The jobs are: " +
                       Listed(spec.Services.Where(s => s.IsJob).Select(s => s.Name.Value)));
        if (!service.IsJob)
            return Bad($"'{name}' is no job: it runs all the time. Give it deploy.mode: replicated-job");
        var job = Jobs.Of(state, name);
        if (job.Active() is { } active && service.Schedule?.Overlap is null or Overlap.Forbid)
            return Conflict($"run {active.Number} of {name} goes on, and runs of it do not overlap. Wait for it: " +
                            $"`tangram jobs {name}` shows it");
        if (Jobs.AskedOf(state, name) > job.Asked)
            return Conflict($"{name} was asked to run a moment ago. See `tangram jobs {name}`");
        var number = job.Asked + 1;
        var runs = asked.Value.Runs.Where(r => r.Service != name).Append(new RunAsked(name, number))
            .OrderBy(r => r.Service).ToEquatableArray();
        return Ask(state, by, asked.Value with { Runs = runs }, $"run {name}");
    }

    private static Accepted NewRevision(ClusterState state, CommandStamp by, ClusterSpec spec, string origin,
        int bringsBack = 0)
    {
        var number = RevisionHistory.NextNumber(state);
        var revision = new Revision
        {
            // What secrets hold is never stored.
            Number = number, Spec = spec with { Contents = null },
            Replaces = RevisionHistory.InForce(state), BringsBack = bringsBack, At = by.At, Origin = origin,
        };
        var asked = (state.Asked?.Value ?? new Asked { Revision = number }) with
        {
            Revision = number,
            Scale = ScaleAfter(state, spec),
            Runs = (state.Asked?.Value.Runs ?? []).Where(r => spec.Find(r.Service) is { IsJob: true })
                .ToEquatableArray(),
            Backends = BackendCommands.Running(state),
            // A command's id is as random as a key has to be.
            CookieKey = state.Asked?.Value.CookieKey ?? by.Id,
            Command = by.Id,
        };
        var writes = new List<StoreOp>
        {
            new StoreOp.Put(Keys.Asked, Json.Write(asked)),
            new StoreOp.Put(Keys.Revision(number), Json.Write(revision)),
        };
        writes.AddRange(RevisionHistory.Forgettable(state, number).Select(n => new StoreOp.Delete(Keys.Revision(n))));
        var txn = new Txn { Compares = [AsRead(state), Compare.Absent(Keys.Revision(number))], Then = writes };
        return new Accepted(txn, number, $"{origin}: revision {number}");
    }

    internal static Accepted Ask(ClusterState state, CommandStamp by, Asked next, string what) =>
        new(new Txn
        {
            Compares = [AsRead(state)],
            Then = [new StoreOp.Put(Keys.Asked, Json.Write(next with { Command = by.Id }))],
        }, next.Revision, what);

    // A missing key has revision 0: the same comparison serves the first command.
    private static Compare AsRead(ClusterState state) =>
        Compare.Unchanged(Keys.Asked, state.Asked?.ModRevision ?? 0);

    // A count set by hand outlives a deploy that does not speak of it, and yields to one that does.
    private static EquatableArray<Scale> ScaleAfter(ClusterState state, ClusterSpec spec)
    {
        if (state.Asked is not { } asked) return [];
        var before = state.Spec(asked.Value.Revision);
        return asked.Value.Scale
            .Where(scale => spec.Find(scale.Service) is
                                { Singleton: false, Deploy: { Mode: DeployMode.Replicated } now }
                            && before?.Find(scale.Service)?.Deploy.Replicas == now.Replicas)
            .ToEquatableArray();
    }

    private static EquatableArray<Scale> Sorted(Dictionary<ServiceName, int> scale) =>
        scale.Select(s => new Scale(s.Key, s.Value)).OrderBy(s => s.Service).ToEquatableArray();

    private static Refused Busy(ClusterState state)
    {
        var number = state.Asked!.Value.Revision;
        var rollout = state.Rollout?.Value;
        var stage = rollout?.Target == number ? Rollouts.Words(rollout.Stage) : "about to go out";
        var because = rollout?.Target == number && rollout.Because != "" ? $" ({rollout.Because})" : "";
        return Conflict($"revision {number} is {stage}{because}, and one rollout goes at a time. Wait for it with " +
                        "`tangram deploy --attach`, or replace it with `tangram deploy --supersede`");
    }

    internal static Refused NothingDeployed() => Conflict("nothing is deployed yet. Start with `tangram deploy`");
    internal static Refused Bad(string why) => new(RefusalKind.BadArgument, why);
    private static Refused Conflict(string why) => new(RefusalKind.Conflict, why);
    internal static string Listed(IEnumerable<string> names) =>
        string.Join(", ", names) is { Length: > 0 } list ? list : "none";
}
