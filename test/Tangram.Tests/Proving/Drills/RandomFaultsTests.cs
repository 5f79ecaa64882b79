using Tangram.Model;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;
using static Tangram.Tests.Proving.Drills.DrillBed;

namespace Tangram.Tests.Proving.Drills;

/// <summary>What is drawn by chance asks no more than what a cluster of this design has to stand.</summary>
public sealed class RandomFaultsTests
{
    private static readonly DrillSpec Draws = Killing() with { Random = 100 };

    private static ClusterSpec Spec(FailureAction action = FailureAction.Rollback) => new()
    {
        Name = "shop",
        Services =
        [
            new ServiceSpec
            {
                Name = ServiceName.Of("web"),
                Deploy = new DeploySpec { Update = new UpdateSpec { FailureAction = action } },
            },
        ],
    };

    private static FaultKind[] Kinds(DrillBed bed, ClusterSpec spec) =>
        [.. RandomFaults.Added(Draws, bed.Seen, spec, new Rng(7)).Faults.Select(f => f.Kind).Distinct()];

    private static FaultSpec Drawn(FaultKind kind, double at) => Fault(kind, at, lasts: 1) with { Drawn = true };

    [Fact]
    public void A_seed_repeats_them_in_the_order_of_their_times_and_leaves_time_to_mend()
    {
        var bed = new DrillBed(Draws);
        var drawn = RandomFaults.Added(Draws, bed.Seen, Spec(), new Rng(7));
        Assert.Equal(drawn.Faults, RandomFaults.Added(Draws, bed.Seen, Spec(), new Rng(7)).Faults);
        Assert.NotEqual(drawn.Faults, RandomFaults.Added(Draws, bed.Seen, Spec(), new Rng(8)).Faults);
        Assert.Equal(100, drawn.Faults.Count);
        Assert.Equal(drawn.Faults.OrderBy(f => f.At), drawn.Faults);
        Assert.All(drawn.Faults, f => Assert.InRange(f.At.TotalSeconds, 1, 7.5));
    }

    [Fact]
    public void No_node_is_lost_where_too_few_are_left_and_no_deploy_goes_out_that_would_stay()
    {
        var bed = new DrillBed(Draws);
        Assert.DoesNotContain(FaultKind.NodeLost, Kinds(bed, Spec()));
        Assert.Contains(FaultKind.BadDeploy, Kinds(bed, Spec()));
        bed.Nodes["c-1"] = "ready";
        Assert.Contains(FaultKind.NodeLost, Kinds(bed, Spec()));
        Assert.DoesNotContain(FaultKind.BadDeploy, Kinds(bed, Spec(FailureAction.Pause)));
        // On several machines nobody stands between gateway and replica
        var machine = new DrilledMachine("n1", "10.0.0.1", false, "a-1", "a", null, null, null, []);
        var several = bed.Seen with { Machines = [machine] };
        Assert.DoesNotContain(RandomFaults.Added(Draws, several, Spec(), new Rng(7)).Faults, f => f.Form.Impairs);
        Assert.Contains(RandomFaults.Added(Draws, bed.Seen, Spec(), new Rng(7)).Faults, f => f.Form.Impairs);
    }

    [Fact]
    public void The_next_node_is_lost_when_all_is_whole_after_the_last()
    {
        var bed = new DrillBed(Killing(Drawn(FaultKind.NodeLost, 0), Drawn(FaultKind.NodeLost, 1)));
        bed.Nodes["c-1"] = "ready";
        bed.Running().After(0.1);
        var lost = bed.Machine.Faults[0].Target!.Name;
        bed.Nodes[lost] = "dead";
        bed.On(new DrillEvent.Injected(0, ""));
        bed.After(1);
        // It has its power again, and its replicas have not
        bed.Nodes[lost] = "ready";
        bed.Ready = false;
        bed.On(new DrillEvent.Reverted(0, ""));
        Assert.DoesNotContain(bed.After(1), e => e is DrillEffect.Inject);
        bed.Ready = true;
        bed.Replicas.ForEach(r => Assert.True(r.Ready));
        for (var i = 0; i < bed.Replicas.Count; i++)
            if (bed.Replicas[i].Node == lost) bed.Replicas[i] = Replica(bed.Replicas[i].Replica, lost, 90 + i);
        Assert.Contains(bed.After(0.1), e => e is DrillEffect.Inject { Fault: 1 });
    }

    [Fact]
    public void What_is_left_of_a_service_is_not_struck_unless_it_never_had_more()
    {
        var bed = new DrillBed(Killing(Drawn(FaultKind.ReplicaKilled, 0.05)));
        for (var i = 1; i < 3; i++) bed.Replicas[i] = Replica(bed.Replicas[i].Replica, "b-1", i, ready: false);
        Assert.DoesNotContain(bed.Running().After(0.1), e => e is DrillEffect.Inject);
        bed.Replicas[1] = Replica("web-2", "b-1", 9);
        Assert.Contains(bed.After(0.1), e => e is DrillEffect.Inject);

        var one = new DrillBed(Killing(Drawn(FaultKind.ReplicaKilled, 0.05)), replicas: 1);
        Assert.Contains(one.Running().After(0.1), e => e is DrillEffect.Inject);
    }
}
