using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

public sealed class HistoryTests
{
    private static readonly ClusterSpec One = Documents.Spec(1, replicas: 1);
    private static readonly ClusterSpec Two = One with
    {
        Services = [.. One.Services, new ServiceSpec { Name = ServiceName.Of("web") }],
    };

    private static Documents Three() =>
        new Documents().Revision(1, One).Revision(2, Two, replaces: 1).Revision(3, One, replaces: 2).Asked(3);

    private static string[] Shown(Documents documents) =>
        [.. History.Of(documents.State).Select(r => $"{r.Revision} {r.State}: {string.Join(' ', r.Changed)}".Trim())];

    [Fact]
    public void The_newest_stands_first_with_what_it_changed() => Assert.Equal(
        ["3 in force: web", "2 : web", "1 : order"], Shown(Three().Rollout(3, 3, RolloutStage.Done)));

    [Fact]
    public void While_one_goes_out_the_one_before_is_in_force() => Assert.Equal(
        ["3 going out: web", "2 in force: web", "1 : order"], Shown(Three().Rollout(2, 3, RolloutStage.Rolling)));

    [Fact]
    public void One_that_was_rolled_back_is_said_to_be() =>
        Assert.Equal("3 rolled back: web", Shown(Three().Rollout(2, 3, RolloutStage.RolledBack))[0]);

    [Fact]
    public void What_replaced_one_that_is_forgotten_is_not_guessed_at() =>
        Assert.Equal("3 in force:", Shown(Three().Delete(Keys.Revision(2)).Rollout(3, 3, RolloutStage.Done))[0]);
}
