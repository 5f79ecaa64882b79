using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class RevisionHistoryTests
{
    private static Documents History(int count)
    {
        var documents = new Documents();
        for (var i = 1; i <= count; i++) documents.Revision(i, Documents.Spec(i), i - 1);
        return documents.Asked(count).Rollout(count, count, RolloutStage.Done);
    }

    [Fact]
    public void A_number_that_only_a_document_remembers_is_not_given_again()
    {
        Assert.Equal(6, RevisionHistory.NextNumber(new Documents().Asked(5).State));
        Assert.Equal(8, RevisionHistory.NextNumber(new Documents().Asked(5).Rollout(3, 7, RolloutStage.Done).State));
    }

    [Fact]
    public void Numbers_are_compared_as_numbers_where_the_keys_have_grown()
    {
        Assert.Equal(101, RevisionHistory.NextNumber(History(100).State));
        Assert.True(string.CompareOrdinal(Keys.Revision(99), Keys.Revision(100)) < 0);
    }

    [Theory]
    [InlineData(RolloutStage.Rolling, 1)]
    [InlineData(RolloutStage.Watching, 1)]
    [InlineData(RolloutStage.RollingBack, 1)]
    [InlineData(RolloutStage.Paused, 1)]
    [InlineData(RolloutStage.RolledBack, 1)]
    [InlineData(RolloutStage.Failed, 1)]
    [InlineData(RolloutStage.Done, 2)]
    public void Only_a_revision_that_held_is_in_force(RolloutStage stage, int inForce) =>
        Assert.Equal(inForce, RevisionHistory.InForce(new Documents().Rollout(1, 2, stage).State));

    [Fact]
    public void Going_back_twice_reaches_the_revision_before_the_one_before()
    {
        var twice = History(3).Revision(4, Documents.Spec(2), replaces: 3).Asked(4).Rollout(4, 4, RolloutStage.Done);
        Assert.Equal(3, RevisionHistory.Before(twice.State)!.Number);
        var same = History(2).Revision(3, Documents.Spec(2), replaces: 2).Asked(3).Rollout(3, 3, RolloutStage.Done);
        Assert.Equal(1, RevisionHistory.Before(same.State)!.Number);
    }

    [Fact]
    public void A_history_that_points_at_itself_ends()
    {
        var loop = new Documents().Revision(1, Documents.Spec(1), replaces: 2).Revision(2, Documents.Spec(1), 1)
            .Asked(2).Rollout(2, 2, RolloutStage.Done);
        Assert.Null(RevisionHistory.Before(loop.State));
    }

    [Fact]
    public void Of_the_old_revisions_those_that_are_run_or_named_are_kept()
    {
        var state = History(30).Node("a-1", 2, "order-1").Rollout(4, 30, RolloutStage.RolledBack).State;
        var forgotten = RevisionHistory.Forgettable(state, added: 31).ToArray();
        Assert.Equal([1, .. Enumerable.Range(5, 7)], forgotten);
    }

    [Fact]
    public void A_revision_that_nobody_has_taken_up_yet_is_in_progress()
    {
        Assert.True(Rollouts.InProgress(new Documents().Asked(1).State));
        Assert.True(Rollouts.InProgress(new Documents().Asked(2).Rollout(1, 1, RolloutStage.Done).State));
        Assert.False(Rollouts.InProgress(new Documents().Asked(1).Rollout(1, 1, RolloutStage.Done).State));
    }

    [Theory]
    [InlineData(RolloutStage.Rolling, true, false)]
    [InlineData(RolloutStage.Watching, true, false)]
    [InlineData(RolloutStage.Paused, true, false)]
    [InlineData(RolloutStage.RollingBack, true, false)]
    [InlineData(RolloutStage.RolledBack, false, false)]
    [InlineData(RolloutStage.Failed, false, false)]
    [InlineData(RolloutStage.Done, false, true)]
    public void Only_done_is_success(RolloutStage stage, bool inProgress, bool succeeded)
    {
        var state = new Documents().Asked(2).Rollout(1, 2, stage).State;
        Assert.Equal((inProgress, succeeded), (Rollouts.InProgress(state), Rollouts.Succeeded(state)));
    }
}
