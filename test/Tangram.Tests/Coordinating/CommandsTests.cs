using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class CommandsTests
{
    private static readonly CommandStamp By = new("c1", DateTimeOffset.UnixEpoch);

    private static Documents Running(int revision = 1) => new Documents()
        .Revision(revision, Documents.Spec(revision)).Asked(revision).Rollout(revision, revision, RolloutStage.Done);

    [Fact]
    public void The_first_deploy_makes_revision_one_and_takes_effect_only_if_nobody_was_faster()
    {
        var decision = Accepted(Commands.Deploy(ClusterState.Empty, By, Documents.Spec(1), false));
        Assert.Equal(1, decision.Revision);
        Assert.Equal([Compare.Unchanged(Keys.Asked, 0), Compare.Absent(Keys.Revision(1))], decision.Txn.Compares);
        var after = After(new Documents(), decision);
        Assert.Equal(Documents.Spec(1), after.Spec(1));
        Assert.Equal(("c1", 1), (after.Asked!.Value.Command, after.Asked.Value.Revision));
    }

    [Fact]
    public void What_a_secret_holds_is_never_stored()
    {
        var carried = new CarriedContent(GrantKind.Secret, "token", new Content("s3cret"u8.ToArray()));
        var spec = Documents.Spec(1) with { Contents = EquatableArray.Create([carried]) };
        var decision = Accepted(Commands.Deploy(ClusterState.Empty, By, spec, false));
        Assert.Null(After(new Documents(), decision).Spec(1)!.Contents);
        Assert.DoesNotContain(Convert.ToBase64String("s3cret"u8), string.Join(' ', decision.Txn.Then));
    }

    [Fact]
    public void A_deploy_compares_asked_as_it_was_read()
    {
        var state = Running().State;
        var decision = Accepted(Commands.Deploy(state, By, Documents.Spec(2), false));
        Assert.Contains(Compare.Unchanged(Keys.Asked, state.Asked!.ModRevision), decision.Txn.Compares);
        Assert.Equal(2, decision.Revision);
    }

    [Fact]
    public void A_number_is_never_given_twice_even_when_the_newest_revision_was_rolled_back()
    {
        var state = Running().Revision(2, Documents.Spec(2), 1).Asked(2).Rollout(1, 2, RolloutStage.RolledBack).State;
        Assert.Equal(3, Accepted(Commands.Deploy(state, By, Documents.Spec(3), false)).Revision);
    }

    [Fact]
    public void The_content_in_force_is_nothing_to_change()
    {
        Assert.IsType<Decision.Unchanged>(Commands.Deploy(Running().State, By, Documents.Spec(1), false));
        var back = Running().Revision(2, Documents.Spec(2), 1).Asked(2).Rollout(1, 2, RolloutStage.RolledBack).State;
        Assert.Equal(1,
            Assert.IsType<Decision.Unchanged>(Commands.Deploy(back, By, Documents.Spec(1), false)).Revision);
    }

    [Theory]
    [InlineData(RolloutStage.RolledBack)]
    [InlineData(RolloutStage.Failed)]
    public void What_failed_may_be_tried_again_as_a_new_revision(RolloutStage stage)
    {
        var state = Running().Revision(2, Documents.Spec(2), 1).Asked(2).Rollout(1, 2, stage).State;
        Assert.Equal(3, Accepted(Commands.Deploy(state, By, Documents.Spec(2), false)).Revision);
    }

    [Theory]
    [InlineData(RolloutStage.Rolling)]
    [InlineData(RolloutStage.Watching)]
    [InlineData(RolloutStage.RollingBack)]
    [InlineData(RolloutStage.Paused)]
    public void A_second_deploy_is_refused_with_the_revision_of_the_first_unless_it_supersedes(RolloutStage stage)
    {
        var state = Running().Revision(2, Documents.Spec(2), 1).Asked(2).Rollout(1, 2, stage).State;
        var refused = Assert.IsType<Decision.Refused>(Commands.Deploy(state, By, Documents.Spec(3), false));
        Assert.Equal(RefusalKind.Conflict, refused.Kind);
        Assert.Contains("revision 2", refused.Why);
        Assert.Equal(3, Accepted(Commands.Deploy(state, By, Documents.Spec(3), true)).Revision);
    }

    [Fact]
    public void A_revision_that_no_leader_has_taken_up_yet_is_in_progress_too()
    {
        var state = Running().Revision(2, Documents.Spec(2), 1).Asked(2).State;
        Assert.IsType<Decision.Refused>(Commands.Deploy(state, By, Documents.Spec(3), false));
        Assert.IsType<Decision.Unchanged>(Commands.Deploy(state, By, Documents.Spec(2), false));
        var first = new Documents().Revision(1, Documents.Spec(1)).Asked(1).State;
        Assert.IsType<Decision.Refused>(Commands.Deploy(first, By, Documents.Spec(3), false));
    }

    [Fact]
    public void A_file_of_another_cluster_is_refused()
    {
        var refused = Assert.IsType<Decision.Refused>(
            Commands.Deploy(Running().State, By, Documents.Spec(1) with { Name = "blog" }, true));
        Assert.Equal(RefusalKind.BadArgument, refused.Kind);
    }

    [Fact]
    public void A_count_set_by_hand_outlives_a_deploy_that_does_not_change_the_files_count()
    {
        var state = Running().Asked(1, new Scale(ServiceName.Of("order"), 5)).State;
        var kept = After(Running(), Accepted(Commands.Deploy(state, By, Documents.Spec(2), false)));
        Assert.Equal(5, kept.Asked!.Value.ReplicasOf(kept.Spec(2)!.Services[0]));
        var changed = After(Running(), Accepted(Commands.Deploy(state, By, Documents.Spec(2, replicas: 3), false)));
        Assert.Equal(3, changed.Asked!.Value.ReplicasOf(changed.Spec(2)!.Services[0]));
        Assert.Empty(changed.Asked.Value.Scale);
    }

    [Fact]
    public void A_rollback_goes_to_the_last_revision_that_was_in_force_not_to_the_one_that_failed()
    {
        var state = Running(3).Revision(4, Documents.Spec(4), 3).Revision(5, Documents.Spec(5), 3)
            .Asked(5).Rollout(5, 5, RolloutStage.Done).State;
        var decision = Accepted(Commands.Rollback(state, By));
        Assert.Equal(6, decision.Revision);
        var after = After(new Documents().Revision(5, Documents.Spec(5), 3), decision);
        Assert.Equal(Documents.Spec(3), after.Spec(6));
        Assert.Equal(5, after.Revisions[6].Replaces);
    }

    [Fact]
    public void A_rollback_during_a_rollout_goes_to_what_it_replaces()
    {
        var state = Running().Revision(2, Documents.Spec(2), 1).Asked(2).Rollout(1, 2, RolloutStage.Rolling).State;
        var decision = Accepted(Commands.Rollback(state, By));
        Assert.Equal(Documents.Spec(1), After(new Documents(), decision).Spec(3));
    }

    [Fact]
    public void A_rollback_of_the_first_revision_is_refused() =>
        Assert.Equal(RefusalKind.Conflict,
            Assert.IsType<Decision.Refused>(Commands.Rollback(Running().State, By)).Kind);

    [Fact]
    public void Scale_sets_the_count_and_forgets_it_when_it_is_the_files_own()
    {
        var state = Running().State;
        var five = After(Running(), Accepted(Commands.Scale(state, By, [new Scale(ServiceName.Of("order"), 5)])));
        Assert.Equal(5, five.Asked!.Value.ReplicasOf(five.Spec(1)!.Services[0]));
        Assert.Equal(1, five.Asked.Value.Revision);
        var two = After(Running(), Accepted(Commands.Scale(five, By, [new Scale(ServiceName.Of("order"), 2)])));
        Assert.Empty(two.Asked!.Value.Scale);
        Assert.IsType<Decision.Unchanged>(Commands.Scale(state, By, [new Scale(ServiceName.Of("order"), 2)]));
    }

    [Fact]
    public void A_singleton_is_not_scaled_beyond_one()
    {
        var spec = Documents.Spec(1);
        var alone = spec with { Services = [.. spec.Services.Select(s => s with { Singleton = true })] };
        var state = new Documents().Revision(1, alone).Asked(1).Rollout(1, 1, RolloutStage.Done).State;
        var refused = Assert.IsType<Decision.Refused>(
            Commands.Scale(state, By, [new Scale(alone.Services[0].Name, 2)]));
        Assert.Contains("is a singleton: there are never two of it", refused.Why, StringComparison.Ordinal);
        Assert.IsType<Decision.Accepted>(Commands.Scale(state, By, [new Scale(alone.Services[0].Name, 0)]));
    }

    [Fact]
    public void Scale_refuses_what_is_unknown_global_or_absurd()
    {
        var spec = Documents.Spec(("all", 1), ("order", 2));
        var global = spec.Services[0] with { Deploy = new DeploySpec { Mode = DeployMode.Global } };
        spec = spec with { Services = [global, spec.Services[1]] };
        var state = new Documents().Revision(1, spec).Asked(1).Rollout(1, 1, RolloutStage.Done).State;
        foreach (var (service, count) in new[] { ("oder", 2), ("all", 2), ("order", 1_000_000) })
        {
            var refused =
                Assert.IsType<Decision.Refused>(Commands.Scale(state, By, [new Scale(ServiceName.Of(service), count)]));
            Assert.Equal(RefusalKind.BadArgument, refused.Kind);
            Assert.Contains(service, refused.Why);
        }
    }

    [Fact]
    public void A_node_is_drained_once_and_an_unknown_one_is_refused_with_the_names()
    {
        var state = Running().Node("a-1", 1).State;
        var drained = After(Running(), Accepted(Commands.Drain(state, By, NodeName.Of("b-1"))));
        Assert.Equal([NodeName.Of("b-1")], drained.Asked!.Value.Drained);
        Assert.IsType<Decision.Unchanged>(Commands.Drain(drained, By, NodeName.Of("b-1")));
        Assert.Empty(After(Running(),
            Accepted(Commands.Undrain(drained, By, NodeName.Of("b-1")))).Asked!.Value.Drained);
        Assert.Contains("a-1, b-1, c-1",
            Assert.IsType<Decision.Refused>(Commands.Drain(state, By, NodeName.Of("d-1"))).Why);
    }

    [Fact]
    public void Nothing_but_a_deploy_is_possible_before_the_first_deploy()
    {
        Assert.IsType<Decision.Refused>(Commands.Rollback(ClusterState.Empty, By));
        Assert.IsType<Decision.Refused>(Commands.Scale(ClusterState.Empty, By, []));
        Assert.IsType<Decision.Refused>(Commands.Drain(ClusterState.Empty, By, NodeName.Of("a-1")));
    }

    [Fact]
    public void Old_revisions_are_forgotten_but_not_those_in_use()
    {
        var documents = new Documents();
        for (var n = 1; n <= 30; n++) documents.Revision(n, Documents.Spec(n), n == 30 ? 3 : n - 1);
        var state = documents.Asked(30).Rollout(30, 30, RolloutStage.Done).Node("a-1", 2, "order-1").State;
        var decision = Accepted(Commands.Deploy(state, By, Documents.Spec(31), false));
        var after = After(documents, decision);
        Assert.Equal([2, 3, .. Enumerable.Range(12, 20)], after.Revisions.Keys);
    }

    private static Decision.Accepted Accepted(Decision decision) => Assert.IsType<Decision.Accepted>(decision);

    private static ClusterState After(Documents documents, Decision.Accepted decision)
    {
        foreach (var op in decision.Txn.Then)
            _ = op switch
            {
                StoreOp.Put put => documents.PutText(put.Key, put.Value),
                StoreOp.Delete delete => documents.Delete(delete.Key),
                _ => throw new InvalidOperationException(),
            };
        return documents.State;
    }
}
