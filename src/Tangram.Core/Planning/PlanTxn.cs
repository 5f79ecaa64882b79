using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Turns steps into one store transaction that compares the leader's term and every key that the steps were
/// computed from. If any has changed, nothing happens and the leader plans again.</summary>
public static class PlanTxn
{
    /// <summary>Nodes of a transaction that takes replicas away: etcd refuses more than 128 operations by default,
    /// comparisons counted apart, and this one compares also what it rests on. The next one is planned from the state
    /// after it.</summary>
    public const int MostNodes = 25;

    /// <summary>Nodes of a transaction that takes nothing away: up to three comparisons each, beside the term, what is
    /// asked and the rollout.</summary>
    public const int MostNodesOfPart = 40;

    /// <summary>Nodes that one transaction declares dead or welcomes: two comparisons each.</summary>
    public const int MostDeclared = 60;

    /// <summary>Characters of the assignments that one transaction may write: half of what a store takes, because
    /// JSON escapes some and the rollout has to fit beside them.</summary>
    private const int MostText = TxnRules.MostBytes / 2;

    /// <summary>What the fields of one assignment are called and what stands between them, at most.</summary>
    private const int FieldNames = 100;

    /// <summary>Jobs of a transaction: one comparison and one write each, of some ten runs.</summary>
    public const int MostJobs = 20;

    /// <param name="term">The revision of the term key that makes the writer the leader.</param>
    public static Txn Of(ClusterState state, IReadOnlyList<Step> steps, long term)
    {
        var compares = new List<Compare>
        {
            new(Keys.Term, CompareTarget.CreateRevision, CompareResult.Equal, term),
            Compare.Unchanged(Keys.Asked, state.Asked?.ModRevision ?? 0),
            Compare.Unchanged(Keys.Rollout, state.Rollout?.ModRevision ?? 0),
        };
        var ops = new List<StoreOp>();
        var touched = steps.Where(s => s.AssignmentOf is not null).GroupBy(s => s.AssignmentOf!.Value).ToArray();
        var reasons = ReadinessBehind(state, steps);
        foreach (var group in touched)
        {
            var node = state.Nodes.GetValueOrDefault(group.Key);
            compares.Add(Compare.Unchanged(Keys.Assigned(group.Key), node?.Assigned?.ModRevision ?? 0));
            compares.Add(Compare.Unchanged(Keys.Dead(group.Key), node?.Dead?.ModRevision ?? 0));
            // A singleton is withdrawn because its node's lease has ended; not when the node has just come back.
            if (node is { Seen: null, Dead: null } && group.Any(s => s is Step.Stop))
                compares.Add(Compare.Absent(Keys.Seen(group.Key)));
            var next = Apply(node?.Assignments ?? [], group);
            ops.Add(next.Count == 0
                ? new StoreOp.Delete(Keys.Assigned(group.Key))
                : new StoreOp.Put(Keys.Assigned(group.Key), Json.Write(new Assigned { Replicas = next })));
        }
        foreach (var node in reasons)
        {
            compares.Add(Compare.Unchanged(Keys.Seen(node), state.Nodes[node].Seen?.ModRevision ?? 0));
            compares.Add(Compare.Unchanged(Keys.Dead(node), state.Nodes[node].Dead?.ModRevision ?? 0));
        }
        AddJobs(state, steps, compares, ops);
        foreach (var step in steps) AddNodeOp(state, step, compares, ops);
        if (NextRollout(state, steps) is { } rollout) ops.Add(new StoreOp.Put(Keys.Rollout, Json.Write(rollout)));
        return new Txn { Compares = compares, Then = ops };
    }

    /// <summary>The longest run of steps, from the first, that touches at most <see cref="MostNodes"/> nodes and writes
    /// no more than a store takes; never empty where there are steps.</summary>
    public static IReadOnlyList<Step> FirstPart(ClusterState state, IReadOnlyList<Step> steps)
    {
        var nodes = new HashSet<NodeName>();
        var text = 0;
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].AssignmentOf is not { } node) continue;
            text += Length(steps[i]);
            if (nodes.Add(node) && state.Nodes.TryGetValue(node, out var known)) text += known.Assignments.Sum(Length);
            if (i > 0 && (nodes.Count > MostNodes || text > MostText)) return [.. steps.Take(i)];
        }
        return steps;
    }

    /// <summary>The transactions in which a plan goes out, one after the other. A plan that is too large for one is
    /// cut by nodes, so that no node is written twice and no replica is planned twice: the parts rest on different
    /// keys, and together they are as safe as one would be. What takes replicas away rests on others being ready, so
    /// of a plan with nothing but drains only the first part is given, and before them comes everything else.</summary>
    public static IReadOnlyList<IReadOnlyList<Step>> Parts(ClusterState state, IReadOnlyList<Step> steps)
    {
        // What follows of it is planned from the state in which it is written down.
        var jobs = steps.OfType<Step.Remember>().Chunk(MostJobs).ToArray();
        if (jobs.Length > 0) return jobs;
        var first = FirstPart(state, steps);
        var others = steps.Where(s => s is not Step.Drain).ToArray();
        if (first.Count == steps.Count || others.Length == 0) return [first];
        var parts = new List<List<Step>>();
        var (nodes, text) = (0, 0);
        foreach (var group in others.GroupBy(s => s.AssignmentOf!.Value))
        {
            var length = group.Sum(Length) + (state.Nodes.GetValueOrDefault(group.Key)?.Assignments.Sum(Length) ?? 0);
            if (parts.Count == 0 || nodes == MostNodesOfPart || text + length > MostText)
            {
                parts.Add([]);
                (nodes, text) = (0, 0);
            }
            parts[^1].AddRange(group);
            (nodes, text) = (nodes + 1, text + length);
        }
        return Renumbered(parts);
    }

    /// <summary>The state after a part, as far as the next part is computed from it.</summary>
    /// <param name="revision">At which the part was written.</param>
    public static ClusterState After(ClusterState state, IReadOnlyList<Step> part, long revision) =>
        NextRollout(state, part) is { } rollout
            ? state with { Rollout = new Versioned<Rollout>(rollout, revision) }
            : state;

    /// <summary>The same starts under the same names, given out anew: serials grow from part to part.</summary>
    private static List<List<Step>> Renumbered(List<List<Step>> parts)
    {
        var serials = parts.SelectMany(p => p).OfType<Step.Start>().GroupBy(s => s.Service)
            .ToDictionary(g => g.Key, g => new Queue<ReplicaName>(g.Select(s => s.Replica).Order()));
        foreach (var part in parts)
            for (var i = 0; i < part.Count; i++)
                if (part[i] is Step.Start start)
                    part[i] = start with { Replica = serials[start.Service].Dequeue() };
        return parts;
    }

    private static int Length(Assignment assignment) => FieldNames + assignment.Because.Length +
        2 * assignment.Replica.Value.Length + assignment.Service.Value.Length;

    private static int Length(Step step) =>
        step.Because.Length + (step is Step.Start ? FieldNames + 3 * step.Subject.Length : 0);

    public static EquatableArray<Assignment> Apply(EquatableArray<Assignment> assignments, IEnumerable<Step> steps)
    {
        var next = new SortedDictionary<ReplicaName, Assignment>();
        foreach (var assignment in assignments) next[assignment.Replica] = assignment;
        foreach (var step in steps)
        {
            switch (step)
            {
                case Step.Start s:
                    next.Add(s.Replica, new Assignment
                    {
                        Replica = s.Replica, Service = s.Service, Revision = s.Revision, Because = s.Because,
                        Run = s.Run, Occurrence = s.Occurrence,
                        Relieves = s.Relieves,
                    });
                    break;
                case Step.Drain s: next[s.Replica] =
                    next[s.Replica] with { Intent = Intent.Drain, Because = s.Because }; break;
                case Step.Stop s: next[s.Replica] =
                    next[s.Replica] with { Intent = Intent.Stop, Because = s.Because }; break;
                case Step.Settle s: next[s.Replica] = next[s.Replica] with { Ended = s.Phase }; break;
                case Step.Forget s: next.Remove(s.Replica); break;
            }
        }
        return next.Values.ToEquatableArray();
    }

    /// <summary>Taking a replica away rests on others being ready: the nodes that run replicas of the same
    /// services.</summary>
    private static IEnumerable<NodeName> ReadinessBehind(ClusterState state, IReadOnlyList<Step> steps)
    {
        var taken = steps.OfType<Step.Drain>().Select(s => s.Replica).ToHashSet();
        if (taken.Count == 0) return [];
        var services = state.Nodes.Values.SelectMany(n => n.Assignments).Where(a => taken.Contains(a.Replica))
            .Select(a => a.Service).ToHashSet();
        return state.Nodes.Values.Where(n => n.Assignments.Any(a => services.Contains(a.Service)))
            .Select(n => n.Name).Take(MostNodes);
    }

    /// <summary>A replica of a job rests on what is remembered of the job.</summary>
    private static void AddJobs(ClusterState state, IReadOnlyList<Step> steps, List<Compare> compares,
        List<StoreOp> ops)
    {
        var jobs = steps.OfType<Step.Remember>().Select(s => s.Job)
            .Concat(steps.OfType<Step.Start>().Where(s => s.Run is not null).Select(s => s.Service));
        foreach (var job in jobs.Distinct().Take(MostJobs))
            compares.Add(Compare.Unchanged(Keys.Job(job), state.Jobs.GetValueOrDefault(job)?.ModRevision ?? 0));
        foreach (var step in steps.OfType<Step.Remember>())
            ops.Add(step.Runs is { } runs
                ? new StoreOp.Put(Keys.Job(step.Job), Json.Write(runs))
                : new StoreOp.Delete(Keys.Job(step.Job)));
    }

    private static void AddNodeOp(ClusterState state, Step step, List<Compare> compares, List<StoreOp> ops)
    {
        switch (step)
        {
            case Step.DeclareDead s:
                compares.Add(Compare.Unchanged(Keys.Seen(s.Node), state.Nodes[s.Node].Seen?.ModRevision ?? 0));
                compares.Add(Compare.Absent(Keys.Dead(s.Node)));
                ops.Add(new StoreOp.Put(Keys.Dead(s.Node), Json.Write(s.Dead)));
                break;
            case Step.Welcome s:
                compares.Add(Compare.Unchanged(Keys.Dead(s.Node), state.Nodes[s.Node].Dead?.ModRevision ?? 0));
                ops.Add(new StoreOp.Delete(Keys.Dead(s.Node)));
                break;
        }
    }

    private static Rollout? NextRollout(ClusterState state, IReadOnlyList<Step> steps)
    {
        var advanced = steps.OfType<Step.Advance>().LastOrDefault()?.Rollout;
        var rollout = advanced ?? state.Rollout?.Value ?? new Rollout();
        var serials = rollout.Serials.ToDictionary(s => s.Service, s => s.Next);
        foreach (var start in steps.OfType<Step.Start>())
            serials[start.Service] = Math.Max(serials.GetValueOrDefault(start.Service, 1), SerialOf(start.Replica) + 1);
        if (advanced is null && !steps.OfType<Step.Start>().Any()) return null;
        return rollout with
        {
            Serials = serials.OrderBy(s => s.Key).Select(s => new NextSerial(s.Key, s.Value)).ToEquatableArray(),
        };
    }

    private static long SerialOf(ReplicaName replica) =>
        long.Parse(replica.Value.AsSpan(replica.Value.LastIndexOf('-') + 1));
}
