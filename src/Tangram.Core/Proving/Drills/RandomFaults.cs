using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>Faults that are drawn by chance: kinds that a cluster of this shape can stand, spread over the first part
/// of the load so that there is time to mend.</summary>
public static class RandomFaults
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromSeconds(4);

    /// <param name="most">None that strikes more than it.</param>
    public static DrillSpec Added(DrillSpec drill, DrillSighting seen, ClusterSpec spec, Rng rng,
        BlastRadius most = BlastRadius.Cluster)
    {
        if (drill.Random == 0) return drill;
        FaultKind[] kinds = [.. Kinds(seen, spec).Where(kind => Radius.Of(FaultForm.Of(kind)) <= most)];
        var last = drill.Load.Duration * 0.75;
        var place = new Place("random", 0, 0);
        var drawn = Enumerable.Range(0, drill.Random).Select(_ =>
        {
            var form = FaultForm.Of(kinds[rng.Next(kinds.Length)]);
            return new FaultSpec(form.Kind, null, rng.Between(TimeSpan.FromSeconds(1), last),
                form.Lasts ? rng.Between(Shortest, Longest) : TimeSpan.Zero, place) { Drawn = true };
        }).ToList();
        return drill with { Faults = drill.Faults.Concat(drawn).OrderBy(f => f.At).ToEquatableArray() };
    }

    /// <summary>A node only where others are left, and a deploy only where it would be taken back. Never the whole
    /// daemon, nor the machine's memory: what else runs there is not part of the drill.</summary>
    private static FaultKind[] Kinds(DrillSighting seen, ClusterSpec spec)
    {
        var kinds = new List<FaultKind>
        {
            FaultKind.ReplicaKilled, FaultKind.ReplicaPaused, FaultKind.ReplicaSlow, FaultKind.ReplicaHandles,
            FaultKind.CpuPressure, FaultKind.TrafficSpike,
        };
        if (seen.Nodes.Count > 2) kinds.Add(FaultKind.NodeLost);
        if (DrillTargets.Wrong(FaultKind.BadDeploy, spec) is null) kinds.Add(FaultKind.BadDeploy);
        // What does not get through to one replica has to have another one to go to.
        if (seen.Machines.Count == 0
            && seen.Replicas.GroupBy(r => r.Service).All(service => service.Count(r => r.Ready) > 1))
            kinds.AddRange([FaultKind.NetworkDelay, FaultKind.NetworkCut, FaultKind.NetworkReset,
                FaultKind.AnswerWrong]);
        return [.. kinds];
    }
}
