using Tangram.Model;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;
using static Tangram.Tests.Proving.Drills.DrillBed;

namespace Tangram.Tests.Proving.Drills;

public sealed class DrillMachineTests
{
    [Fact]
    public void A_replica_is_killed_on_time_and_the_times_are_measured()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 2))).Running();
        Assert.Empty(bed.After(1.9).OfType<DrillEffect.Inject>());
        var inject = Assert.Single(bed.After(0.2).OfType<DrillEffect.Inject>());
        var struck = Assert.Single(inject.Target.Replicas);
        Assert.Equal(2, struck.Others);
        bed.On(new DrillEvent.Injected(0, "gone after 1 ms"));
        bed.After(0.1);

        // It is gone, and back as another process
        var at = bed.Replicas.FindIndex(r => r.Replica == struck.Replica);
        (bed.Ready, bed.Replicas[at]) = (false, Replica(struck.Replica, struck.Node, 77, ready: false));
        bed.After(0.1);
        (bed.Ready, bed.Replicas[at]) = (true, Replica(struck.Replica, struck.Node, 77));
        bed.After(0.8);
        Assert.Null(bed.Verdict);
        bed.On(new DrillEvent.LoadEnded(Load()));

        Assert.Equal(DrillRuling.Kept, bed.Verdict!.Ruling);
        var fault = Assert.Single(DrillResult.FaultsOf(bed.Machine));
        Assert.Equal((200, 200, 1000), (fault.Detected!.Value.TotalMilliseconds, fault.Left!.Value.TotalMilliseconds,
            fault.Whole!.Value.TotalMilliseconds));
        Assert.Contains("whole after 1", bed.Verdict.Because[0]);
    }

    [Fact]
    public void Nothing_is_injected_when_the_hypothesis_does_not_hold_before()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0)));
        Assert.Contains(new DrillEffect.StartSteady(), bed.Begin());
        var effects = bed.On(new DrillEvent.SteadyEnded(Load(sent: 300, failed: 1)));
        Assert.Equal(DrillRuling.NotBegun, bed.Verdict!.Ruling);
        Assert.Contains("1 of 300 requests failed", bed.Verdict.Because[0]);
        Assert.DoesNotContain(effects, e => e is DrillEffect.StartLoad or DrillEffect.Inject);
        Assert.Empty(bed.After(5));
    }

    [Fact]
    public void Nothing_is_begun_on_a_cluster_that_is_not_ready()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0))) { Ready = false };
        Assert.DoesNotContain(new DrillEffect.StartSteady(), bed.Begin());
        Assert.Equal(DrillRuling.NotBegun, bed.Verdict!.Ruling);
    }

    [Theory]
    [InlineData(10_000, 10, false)]
    [InlineData(10_000, 11, true)]
    [InlineData(900, 11, false)]
    public void A_cluster_that_has_spent_its_error_budget_is_left_alone(long requests, long errors, bool spent)
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0)),
            new ObjectivesSpec { Availability = 0.999 }) { Requests = requests, Errors = errors };
        bed.Begin();
        Assert.Equal(spent ? DrillRuling.NotBegun : null, bed.Verdict?.Ruling);
        if (spent) Assert.Contains("11 of 10000 requests", bed.Verdict!.Because[0]);
    }

    [Fact]
    public void A_slow_answer_before_is_no_steady_state()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0)),
            new ObjectivesSpec { LatencyP99 = TimeSpan.FromMilliseconds(50) });
        bed.Begin();
        bed.On(new DrillEvent.SteadyEnded(Load(p99: 51)));
        Assert.Equal(DrillRuling.NotBegun, bed.Verdict!.Ruling);
    }

    [Fact]
    public void A_hypothesis_that_breaks_ends_every_fault_at_once_and_begins_none()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaPaused, at: 0, lasts: 8),
            Fault(FaultKind.NodeLost, at: 0, lasts: 8, target: "b-1"),
            Fault(FaultKind.ReplicaKilled, at: 5))).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        // 99.9 % of 1,000: one may fail.
        Assert.DoesNotContain(bed.On(new DrillEvent.LoadMoved(1)), e => e is DrillEffect.Revert);
        var effects = bed.On(new DrillEvent.LoadMoved(2));
        // Also the one that is on its way.
        Assert.Equal([0, 1], effects.OfType<DrillEffect.Revert>().Select(r => r.Fault));
        Assert.Contains(new DrillEffect.StopLoad(), effects);
        Assert.Equal([1], bed.On(new DrillEvent.Injected(1, "")).OfType<DrillEffect.Revert>().Select(r => r.Fault));
        Assert.Empty(bed.After(6).OfType<DrillEffect.Inject>());

        bed.On(new DrillEvent.LoadEnded(Load(sent: 100, failed: 2)));
        bed.On(new DrillEvent.Reverted(0, ""));
        bed.On(new DrillEvent.Reverted(1, ""));
        bed.After(40);
        Assert.Equal(DrillRuling.Broken, bed.Verdict!.Ruling);
        Assert.Contains("2 of 100 requests failed (2 Refused)", bed.Verdict.Because[0]);
    }

    [Fact]
    public void A_cluster_that_does_not_mend_itself_has_broken_it()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0, target: "web-1")),
            new ObjectivesSpec { RecoveryTime = TimeSpan.FromSeconds(3) }).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        (bed.Ready, bed.Replicas[0]) = (false, Replica("web-1", "a-1", 77, ready: false));
        bed.On(new DrillEvent.LoadEnded(Load()));
        bed.After(2.9);
        Assert.Null(bed.Verdict);
        bed.After(0.3);
        Assert.Equal(DrillRuling.Broken, bed.Verdict!.Ruling);
        Assert.Contains("not whole within 3.0 s", bed.Verdict.Because[0]);
    }

    [Fact]
    public void A_service_of_one_replica_and_no_probe_is_told_why_it_broke()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0)), replicas: 1).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        bed.Replicas[0] = Replica("web-1", "a-1", 78);
        bed.On(new DrillEvent.LoadEnded(Load(failed: 5)));
        bed.Look();
        Assert.Equal(DrillRuling.Broken, bed.Verdict!.Ruling);
        Assert.Contains(bed.Verdict.Because, b => b.Contains("web had no other ready replica when web-1 was struck"));
        Assert.Contains(bed.Verdict.Because, b => b.Contains("web has no probe"));
    }

    [Fact]
    public void A_node_is_whole_without_it_when_its_loss_was_seen_and_mended()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.NodeLost, at: 0, lasts: 5, target: "a-1"))).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        // Still ready: nobody knows of it yet.
        bed.After(0.5);
        Assert.Null(bed.Machine.Faults[0].WholeAt);
        (bed.Nodes["a-1"], bed.Ready) = ("silent", false);
        bed.Replicas.RemoveAll(r => r.Node == "a-1");
        bed.After(0.5);
        (bed.Nodes["a-1"], bed.Ready) = ("dead", true);
        bed.After(1);
        bed.On(new DrillEvent.Reverted(0, ""));
        bed.On(new DrillEvent.LoadEnded(Load()));
        var fault = Assert.Single(DrillResult.FaultsOf(bed.Machine));
        Assert.Equal((1000, 1000, 2000), (fault.Detected!.Value.TotalMilliseconds, fault.Left!.Value.TotalMilliseconds,
            fault.Whole!.Value.TotalMilliseconds));
        Assert.Equal(DrillRuling.Kept, bed.Verdict!.Ruling);
    }

    [Fact]
    public void A_node_that_is_back_before_anybody_noticed_is_whole_when_its_replicas_run_anew()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.NodeLost, at: 0, lasts: 1, target: "a-1"))).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        bed.On(new DrillEvent.Reverted(0, ""));
        // Still the old word of it
        bed.After(0.1);
        Assert.Null(bed.Machine.Faults[0].WholeAt);
        bed.Replicas[0] = Replica("web-1", "a-1", 77);
        bed.Replicas[2] = Replica("web-3", "a-1", 78);
        bed.After(0.1);
        Assert.NotNull(bed.Machine.Faults[0].WholeAt);
    }

    [Fact]
    public void One_node_at_a_time_is_lost_where_nobody_says_which()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.NodeLost, at: 0.05, lasts: 3),
            Fault(FaultKind.NodeLost, at: 1, lasts: 1))).Running();
        Assert.Single(bed.After(0.1).OfType<DrillEffect.Inject>());
        bed.On(new DrillEvent.Injected(0, ""));
        Assert.Empty(bed.After(2).OfType<DrillEffect.Inject>());
        Assert.Single(bed.On(new DrillEvent.Reverted(0, "")).OfType<DrillEffect.Inject>());
    }

    [Fact]
    public void A_look_that_began_before_a_fault_says_nothing_about_it()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaPaused, at: 0, lasts: 1))).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        bed.After(1);
        var (before, seen) = (bed.Now - TimeSpan.FromMilliseconds(1), bed.Seen);
        bed.On(new DrillEvent.Reverted(0, ""));
        bed.On(new DrillEvent.Looked(seen, before));
        Assert.Null(bed.Machine.Faults[0].WholeAt);
        bed.After(0.1);
        Assert.NotNull(bed.Machine.Faults[0].WholeAt);
        // Another fault's doing
        bed.Replicas.Clear();
        bed.After(0.1);
        Assert.Null(bed.Machine.Faults[0].DetectedAt);
    }

    [Fact]
    public void What_could_not_be_injected_proves_nothing()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0))).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Missed(0, "it may not be killed"));
        bed.On(new DrillEvent.LoadEnded(Load()));
        Assert.Equal(DrillRuling.Void, bed.Verdict!.Ruling);
        Assert.Contains("it may not be killed", bed.Verdict.Because[0]);
        Assert.Equal(1, bed.Verdict.ExitCode);
    }

    [Fact]
    public void One_that_was_drawn_may_find_nothing_to_strike()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaPaused, at: 0, lasts: 1),
            Fault(FaultKind.NodeLost, at: 9, lasts: 1) with { Drawn = true })).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        bed.After(1);
        bed.On(new DrillEvent.Reverted(0, ""));
        bed.On(new DrillEvent.LoadEnded(Load()));
        bed.Look();
        Assert.Equal(DrillRuling.Kept, bed.Verdict!.Ruling);
        Assert.NotNull(bed.Machine.Faults[1].Missed);
    }

    [Fact]
    public void An_order_that_nobody_answers_is_given_up()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 0))).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.LoadEnded(Load()));
        bed.After(9);
        Assert.Null(bed.Verdict);
        bed.After(2);
        Assert.Equal(DrillRuling.Void, bed.Verdict!.Ruling);
    }

    [Fact]
    public void A_generator_that_was_late_does_not_judge_latency()
    {
        var objectives = new ObjectivesSpec { LatencyP99 = TimeSpan.FromMilliseconds(50) };
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaKilled, at: 9)), objectives);
        bed.Begin();
        bed.On(new DrillEvent.SteadyEnded(Load(p99: 300, late: 250)));
        Assert.Equal(DrillRuling.Void, bed.Verdict!.Ruling);
    }

    [Fact]
    public void Whoever_stops_it_gets_the_faults_ended_first()
    {
        var bed = new DrillBed(Killing(Fault(FaultKind.ReplicaPaused, at: 0, lasts: 8))).Running();
        bed.After(0.1);
        bed.On(new DrillEvent.Injected(0, ""));
        var effects = bed.On(new DrillEvent.Stopped());
        Assert.Contains(new DrillEffect.Revert(0), effects);
        bed.On(new DrillEvent.LoadEnded(Load(sent: 10)));
        Assert.Null(bed.Verdict);
        bed.On(new DrillEvent.Reverted(0, ""));
        bed.Look();
        Assert.Equal(DrillRuling.Stopped, bed.Verdict!.Ruling);
    }

    [Theory]
    [InlineData(FaultKind.ReplicaKilled, "shop", "there is no service or replica 'shop'", "web, web-1")]
    [InlineData(FaultKind.NodeLost, "c-1", "there is no node 'c-1'", "a-1, b-1")]
    [InlineData(FaultKind.ZoneLost, "c", "there is no zone 'c'", "a, b")]
    public void A_target_that_is_not_there_is_told_before_anything_is_begun(
        FaultKind kind, string target, string what, string remedy)
    {
        var bed = new DrillBed(Killing(Fault(kind, at: 0, lasts: 1, target: target)));
        var spec = new ClusterSpec { Name = "shop", Services = [new ServiceSpec { Name = ServiceName.Of("web") }] };
        var problem = Assert.Single(DrillTargets.Problems(
            Killing(Fault(kind, at: 0, lasts: 1, target: target)), bed.Seen, spec));
        Assert.Contains(what, problem.What);
        Assert.Contains(remedy, problem.Remedy);
    }

    [Fact]
    public void A_bad_deploy_that_nobody_would_take_back_is_refused()
    {
        var drill = Killing(Fault(FaultKind.BadDeploy, at: 0, lasts: 0, target: "web"));
        var keeps = new DeploySpec { Update = new UpdateSpec { FailureAction = FailureAction.Pause } };
        var spec = new ClusterSpec
        {
            Name = "shop", Services = [new ServiceSpec { Name = ServiceName.Of("web"), Deploy = keeps }],
        };
        var problem = Assert.Single(DrillTargets.Problems(drill, new DrillBed(drill).Seen, spec));
        Assert.Contains("would not be taken back", problem.What);
    }

    [Theory]
    [InlineData(0.999, 1000, 1)]
    [InlineData(0.9999, 10_000, 1)]
    [InlineData(0.9999, 9_999, 0)]
    [InlineData(1.0, 1_000_000, 0)]
    [InlineData(0.99, 250, 2)]
    public void So_many_of_so_many_may_fail(double availability, long requests, long allowed) => Assert.Equal(allowed,
        new DrillAim(availability, null, TimeSpan.Zero, true).Allowed(requests));
}
