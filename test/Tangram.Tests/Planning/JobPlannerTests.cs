using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

public sealed class JobPlannerTests
{
    private static readonly ServiceName Job = ServiceName.Of("migrate");
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static ClusterSpec Spec(int version, int replicas = 1, ScheduleSpec? schedule = null,
        DeployMode mode = DeployMode.Replicated)
    {
        var spec = Documents.Spec(("migrate", replicas));
        return spec with
        {
            Services =
            [
                spec.Services[0] with
                {
                    Expose = [], Command = [$"v{version}"], Schedule = schedule,
                    Deploy = spec.Services[0].Deploy with { Job = true, Mode = mode },
                },
            ],
        };
    }

    private static Documents Rolling(int target, int current, params ClusterSpec[] specs)
    {
        var documents = new Documents().Asked(target);
        for (var i = 0; i < specs.Length; i++) documents.Revision(i + 1, specs[i], i);
        foreach (var node in (string[])["a-1", "b-1", "c-1"]) documents.Node(node, []);
        return documents.Stage(current, target, RolloutStage.Rolling);
    }

    private static Documents Memory(Documents documents, JobRuns runs) => documents.Put(Keys.Job(Job), runs);

    private static JobRun Run(long number, int revision, RunOutcome outcome = RunOutcome.Running, int replicas = 1,
        params (string Replica, string Node)[] completed) => new()
        {
            Number = number, Revision = revision, Outcome = outcome, Replicas = replicas,
            Completed = [.. completed.Select(c => new Completion(ReplicaName.Of(c.Replica), NodeName.Of(c.Node)))],
        };

    private static JobRuns One(JobRun run) => new() { Last = run.Number, Stands = run.Number, Runs = [run] };

    /// <summary>A replica of a run on a node, as its agent sees it.</summary>
    private static Documents Replica(Documents documents, string node, string replica, long run, Phase phase,
        int revision = 1, Phase? ended = null)
    {
        var (name, job) = (NodeName.Of(node), ReplicaName.Of(replica));
        return documents.Change<Assigned>(Keys.Assigned(name), a => a with
        {
            Replicas =
            [
                .. a.Replicas,
                new Assignment { Replica = job, Service = Job, Revision = revision, Run = run, Ended = ended },
            ],
        }).Change<Seen>(Keys.Seen(name), s => s with
        {
            Replicas = [.. s.Replicas, new SeenReplica { Replica = job, Phase = phase, Starts = 1, Exit = 0 }],
        });
    }

    private static Plan Plan(Documents documents, PlanningFacts? facts = null) =>
        documents.Plan(facts ?? PlanningFacts.None with { Wall = Noon });

    private static JobRuns Next(Documents documents, PlanningFacts? facts = null) =>
        Assert.IsType<Step.Remember>(Assert.Single(Plan(documents, facts).Steps)).Runs!;

    [Fact]
    public void A_run_is_written_down_before_anything_of_it_starts()
    {
        var run = Assert.Single(Next(Rolling(1, 0, Spec(1, 2))).Runs);
        Assert.Equal((1, 1, RunCause.Revision, 2, true),
            (run.Number, run.Revision, run.Cause, run.Replicas, run.Running));
        var starts = Plan(Memory(Rolling(1, 0, Spec(1, 2)), One(Run(1, 1, replicas: 2)))).Starts();
        Assert.Equal(["migrate-1", "migrate-2"], starts.Select(s => s.Replica.Value));
        Assert.All(starts, s => Assert.Equal(1, s.Run));
    }

    [Fact]
    public void A_completion_is_remembered_then_settled_and_never_done_again()
    {
        var documents = Replica(Memory(Rolling(1, 0, Spec(1, 2)), One(Run(1, 1, replicas: 2))), "a-1", "migrate-1", 1,
            Phase.Completed);
        var next = Next(documents);
        Assert.Equal("migrate-1", Assert.Single(next.Runs[0].Completed).Replica.Value);

        var plan = Plan(Memory(documents, next).Stage(0, 1, RolloutStage.Rolling, 2));
        Assert.Single(plan.Steps.OfType<Step.Settle>());
        Assert.Single(plan.Starts());

        // Even when its node is gone with all that was seen there.
        Memory(documents, next).Delete(Keys.Seen(NodeName.Of("a-1")))
            .Put(Keys.Dead(NodeName.Of("a-1")), new Dead(ZoneName.Of("a"), 1, "it is silent"));
        Assert.Single(Plan(documents).Starts());
    }

    [Fact]
    public void A_run_that_has_its_completions_has_succeeded_and_nothing_starts_for_it()
    {
        var documents = Replica(Memory(Rolling(1, 0, Spec(1)), One(Run(1, 1))), "a-1", "migrate-1", 1, Phase.Completed);
        var next = Next(documents);
        Assert.Equal((RunOutcome.Succeeded, Noon, 0), (next.Runs[0].Outcome, next.Runs[0].Ended, next.Runs[0].Exit));
        Assert.Empty(Plan(Memory(documents, next)).Starts());
    }

    [Fact]
    public void A_replica_that_gave_up_fails_the_run_and_the_others_are_ended()
    {
        var documents = Memory(Rolling(1, 0, Spec(1, 2)), One(Run(1, 1, replicas: 2)));
        Replica(Replica(documents, "a-1", "migrate-1", 1, Phase.Failed), "b-1", "migrate-2", 1, Phase.Ready);
        var next = Next(documents);
        Assert.Equal(RunOutcome.Failed, next.Runs[0].Outcome);
        Assert.Contains("migrate-1", next.Runs[0].Because);
        Assert.Equal(["migrate-2"], Plan(Memory(documents, next)).Drained());
    }

    [Fact]
    public void A_lost_node_has_its_work_done_elsewhere_and_not_again_when_it_returns()
    {
        var documents = Replica(Memory(Rolling(1, 0, Spec(1)), One(Run(1, 1))), "a-1", "migrate-1", 1, Phase.Ready)
            .Stage(0, 1, RolloutStage.Rolling);
        documents.Put(Keys.Rollout, new Rollout { Target = 1, Serials = [new NextSerial(Job, 2)] })
            .Put(Keys.Dead(NodeName.Of("a-1")), new Dead(ZoneName.Of("a"), 1, "it is silent"));
        var plan = Plan(documents);
        Assert.NotEqual("a-1", Assert.Single(plan.Starts()).Node.Value);
        Assert.Equal(["migrate-1"], plan.Stopped());
    }

    [Fact]
    public void Another_revision_with_the_same_template_does_not_run_it_again() =>
        Assert.Empty(Plan(Memory(Rolling(2, 1, Spec(1), Spec(1) with { NodesPerZone = 2 }),
            One(Run(1, 1, RunOutcome.Succeeded, 1, ("migrate-1", "a-1"))))).Steps);

    [Fact]
    public void A_revision_that_changes_its_template_runs_it_again_after_the_former_run_has_ended()
    {
        var documents = Memory(Rolling(2, 1, Spec(1), Spec(2)), One(Run(1, 1)));
        Replica(documents, "a-1", "migrate-1", 1, Phase.Ready);
        var next = Next(documents);
        Assert.Equal([RunOutcome.Replaced, RunOutcome.Running], next.Runs.Select(r => r.Outcome));
        var plan = Plan(Memory(documents, next));
        Assert.Equal(["migrate-1"], plan.Drained());
        Assert.Empty(plan.Starts());
        Assert.Contains("has ended", Assert.Single(plan.Waiting).Because);
    }

    [Fact]
    public void A_rollback_finds_what_was_done_for_the_revision_that_comes_back()
    {
        var documents = Memory(Rolling(2, 1, Spec(1), Spec(2)), new JobRuns
        {
            Last = 2, Stands = 2,
            Runs = [Run(1, 1, RunOutcome.Succeeded, 1, ("migrate-1", "a-1")), Run(2, 2, RunOutcome.Failed)],
        }).Stage(1, 2, RolloutStage.RollingBack);
        var next = Next(documents);
        Assert.Equal((1, 2), (next.Stands, next.Last));
        Assert.Empty(Plan(Memory(documents, next)).Steps);
    }

    [Fact]
    public void A_rollback_by_hand_finds_it_too_and_the_next_revision_as_well()
    {
        var documents = Memory(Rolling(3, 2, Spec(1), Spec(2), Spec(1)), new JobRuns
        {
            Last = 2, Stands = 2,
            Runs =
            [
                Run(1, 1, RunOutcome.Succeeded, 1, ("migrate-1", "a-1")),
                Run(2, 2, RunOutcome.Succeeded, 1, ("migrate-2", "a-1")),
            ],
        });
        Assert.Equal((3, 3), (Next(documents).Stands, Next(documents).Last));
        documents.Put(Keys.Revision(3), new Revision { Number = 3, Spec = Spec(1), Replaces = 2, BringsBack = 1 });
        var next = Next(documents);
        Assert.Equal((1, 2), (next.Stands, next.Last));
        Memory(documents, next).Revision(4, Spec(1), 3).Asked(4).Stage(3, 4, RolloutStage.Rolling);
        Assert.Empty(Plan(documents).Steps);
    }

    [Fact]
    public void What_failed_is_tried_again_by_the_next_revision() =>
        Assert.Equal(2, Next(Memory(Rolling(2, 1, Spec(1), Spec(1)), One(Run(1, 1, RunOutcome.Failed)))).Stands);

    [Fact]
    public void More_completions_that_are_asked_for_are_added_to_the_same_run()
    {
        var documents = Memory(Rolling(1, 1, Spec(1)), One(Run(1, 1, RunOutcome.Succeeded, 1, ("migrate-1", "a-1"))))
            .Asked(1, new Scale(Job, 3));
        var next = Next(documents);
        Assert.Equal((1, RunOutcome.Running, 3), (next.Last, next.Runs[0].Outcome, next.Runs[0].Replicas));
        Assert.Equal(2, Plan(Memory(documents, next)).Starts().Length);
    }

    [Fact]
    public void A_global_job_runs_once_on_every_node_and_on_one_that_comes_later()
    {
        var documents = Memory(Rolling(1, 0, Spec(1, mode: DeployMode.Global)),
            One(Run(1, 1, RunOutcome.Running, 1, ("migrate-1", "a-1"), ("migrate-2", "b-1"))));
        Assert.Equal("c-1", Assert.Single(Plan(documents).Starts()).Node.Value);
        Memory(documents, One(Run(1, 1, RunOutcome.Succeeded, 1, ("migrate-1", "a-1"), ("migrate-2", "b-1"),
            ("migrate-3", "c-1"))));
        Assert.Empty(Plan(documents).Steps);
        documents.Node("d-1", []);
        Assert.True(Next(documents).Runs[0].Running);
    }

    private static readonly ScheduleSpec Hourly = new() { Cron = "0 * * * *" };

    private static PlanningFacts At(double hours, params int[] due) => PlanningFacts.None with
    {
        Wall = Noon + TimeSpan.FromHours(hours),
        Due = [.. due.Select(h => new Due(Job, Hourly.Times, Noon + TimeSpan.FromHours(h), 1))],
    };

    private static Documents Scheduled(params JobRun[] runs) => Memory(Rolling(1, 0, Spec(1, 1, Hourly)), new JobRuns
    {
        Times = Hourly.Times, Handled = Noon, Runs = [.. runs], Last = runs.Length,
    });

    [Fact]
    public void A_schedule_begins_when_it_is_first_met_and_owes_nothing_for_the_time_before()
    {
        var next = Next(Rolling(1, 0, Spec(1, 1, Hourly)), At(0.5, 0));
        Assert.Equal((Hourly.Times, Noon + TimeSpan.FromHours(0.5), 0), (next.Times, next.Handled, next.Runs.Count));
        var changed = Memory(Rolling(1, 0, Spec(1, 1, Hourly)), new JobRuns { Times = "other", Handled = Noon });
        Assert.Equal((Hourly.Times, 0), (Next(changed, At(5, 3)).Times, Next(changed, At(5, 3)).Runs.Count));
    }

    [Fact]
    public void An_occurrence_is_decided_where_it_is_remembered_and_another_leader_finds_it_decided()
    {
        var documents = Scheduled();
        var next = Next(documents, At(1.001, 1));
        Assert.Equal((Noon + TimeSpan.FromHours(1), next.Handled), (next.Runs[0].Occurrence!.Value, next.Handled));
        // The successor's clock found the same occurrence due before it read the state; or its clock is behind.
        Memory(documents, next);
        Assert.DoesNotContain(Plan(documents, At(1.002, 1)).Steps, s => s is Step.Remember);
        Assert.DoesNotContain(Plan(documents, At(0.99)).Steps, s => s is Step.Remember);
    }

    [Fact]
    public void A_slow_leader_and_its_successor_cannot_both_begin_a_run()
    {
        var state = Scheduled().State;
        var steps = Planner.Diff(state, At(1.001, 1)).Steps;
        var txn = PlanTxn.Of(state, steps, 1);
        Assert.Contains(Compare.Unchanged(Keys.Job(Job), state.Jobs[Job].ModRevision), txn.Compares);
        Assert.Contains(txn.Compares, c => c.Key == Keys.Term);
    }

    [Fact]
    public void What_was_missed_together_runs_once_and_the_rest_is_counted()
    {
        var next = Next(Scheduled(), PlanningFacts.None with
        {
            Wall = Noon + TimeSpan.FromHours(9.5), Due = [new Due(Job, Hourly.Times, Noon + TimeSpan.FromHours(9), 9)],
        });
        Assert.Equal((1, 8), (next.Runs.Count, next.Skipped));
        Assert.Equal(Noon + TimeSpan.FromHours(9), next.Runs[0].Occurrence);
    }

    [Fact]
    public void A_run_that_ended_makes_room_for_the_occurrence_that_is_due_in_the_same_turn()
    {
        var documents = Replica(Scheduled(Run(1, 1) with { Cause = RunCause.Schedule }), "a-1", "migrate-1", 1,
            Phase.Completed);
        Assert.Equal([RunOutcome.Succeeded, RunOutcome.Running],
            Next(documents, At(1.001, 1)).Runs.Select(r => r.Outcome));
    }

    [Fact]
    public void A_request_by_hand_runs_once_and_waits_while_it_must_not_overlap()
    {
        var asked = new Asked { Revision = 1, Runs = [new RunAsked(Job, 1)] };
        var next = Next(Scheduled().Put(Keys.Asked, asked), At(0));
        Assert.Equal((1, RunCause.Hand, 1), (next.Asked, next.Runs[0].Cause, next.Runs[0].Asked));
        var again = Memory(Scheduled().Put(Keys.Asked, asked), next);
        Assert.DoesNotContain(Plan(again, At(0)).Steps, s => s is Step.Remember);
        var busy = Scheduled(Run(1, 1) with { Cause = RunCause.Schedule }).Put(Keys.Asked, asked);
        Assert.DoesNotContain(Plan(busy, At(0)).Steps, s => s is Step.Remember);
    }

    [Fact]
    public void Only_so_many_runs_are_remembered_as_the_schedule_asks()
    {
        var runs = Enumerable.Range(1, 12).Select(n => Run(n, 1, RunOutcome.Succeeded) with
        {
            Cause = RunCause.Schedule,
        }).ToArray();
        Assert.Equal(11, Next(Scheduled(runs), At(1.001, 1)).Runs.Count);
    }

    [Fact]
    public void Of_runs_with_many_completions_fewer_are_remembered()
    {
        var completed = Enumerable.Range(1, 1000).Select(n => ($"migrate-{n}", "a-1")).ToArray();
        var runs = Enumerable.Range(1, 8).Select(n => Run(n, 1, RunOutcome.Succeeded, 1000, completed) with
        {
            Cause = RunCause.Schedule,
        }).ToArray();
        var next = Next(Scheduled(runs), At(1.001, 1));
        Assert.Equal([6, 7, 8, 9], next.Runs.Select(r => r.Number));
        Assert.True(Json.Write(next).Length < TxnRules.MostBytes / 2);
    }

    [Fact]
    public void What_is_no_job_any_more_is_forgotten_once_the_revision_without_it_stands()
    {
        var documents = Memory(new Documents().Revision(1, Spec(1)).Revision(2, Documents.Spec(("order", 0)), 1),
            One(Run(1, 1, RunOutcome.Succeeded))).Asked(2).Stage(2, 2, RolloutStage.Done);
        Assert.Equal(new Step.Remember(Job, null, "it is no job of the revision in force"),
            Assert.Single(Plan(documents).Steps));
    }
}
