using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Deploying;

/// <summary>A rollout comes to its end also in a cluster that was not in order when it began.</summary>
public sealed class StuckRolloutTests
{
    private readonly Tangram.Coordinating.Windows _windows = new();
    private Instant _now = new(TimeSpan.TicksPerHour);

    private (Rollout Next, string Because)? After(TimeSpan time, Documents documents)
    {
        var state = documents.State;
        for (var end = _now + time; _now < end; _now += Event.Tick.Every)
        {
            _windows.BeginTurn();
            if (RolloutPolicy.Next(state, _windows, _now) is { } next) return next;
        }
        return null;
    }

    /// <summary>order and stock; the version is the command of order alone.</summary>
    private static ClusterSpec Spec(int version, int stocks = 2, FailureAction action = FailureAction.Rollback)
    {
        var spec = Documents.Spec(("order", 2), ("stock", stocks));
        var update = new UpdateSpec { FailureAction = action };
        return spec with
        {
            Services =
            [
                spec.Services[0] with
                {
                    Command = [$"order-{version}"], Deploy = spec.Services[0].Deploy with { Update = update },
                },
                spec.Services[1],
            ],
        };
    }

    /// <summary>One of the two replicas of stock has been given up long before.</summary>
    private static Documents StockLame(int orders, RolloutStage stage) => new Documents()
        .Revision(1, Spec(1)).Revision(2, Spec(2), 1).Asked(2)
        .Put(Keys.Rollout, new Rollout { Current = 1, Target = 2, Stage = stage, Admitted = [ServiceName.Of("order")] })
        .Node("a-1", ("order-3", orders, Phase.Ready), ("stock-1", 1, Phase.Failed))
        .Node("b-1", ("order-4", orders, Phase.Ready), ("stock-2", 1, Phase.Ready)).Gateway("g");

    [Fact]
    public void A_service_that_the_revision_does_not_touch_does_not_hold_it_up() =>
        Assert.Equal(RolloutStage.Watching,
            After(TimeSpan.FromMinutes(10), StockLame(2, RolloutStage.Rolling))?.Next.Stage);

    [Fact]
    public void A_service_that_the_revision_does_not_touch_does_not_hold_its_rollback_up() =>
        Assert.Equal(RolloutStage.RolledBack,
            After(TimeSpan.FromMinutes(10), StockLame(1, RolloutStage.RollingBack))?.Next.Stage);

    [Fact]
    public void More_replicas_than_find_room_are_rolled_back_in_the_end()
    {
        var documents = new Documents().Revision(1, Spec(1)).Revision(2, Spec(1, stocks: 9), 1).Asked(2)
            .Rollout(1, 2, RolloutStage.Rolling).Node("a-1", 1, "order-1", "stock-1")
            .Node("b-1", 1, "order-2", "stock-2").Gateway("g");
        Assert.Equal(RolloutStage.RollingBack, After(TimeSpan.FromMinutes(10), documents)?.Next.Stage);
    }

    [Fact]
    public void One_that_shall_go_on_in_spite_of_failures_and_cannot_ends_as_failed()
    {
        var documents = new Documents().Revision(1, Spec(1)).Revision(2, Spec(2, action: FailureAction.Continue), 1)
            .Asked(2).Rollout(1, 2, RolloutStage.Rolling)
            .Node("a-1", ("order-1", 1, Phase.Ready), ("order-2", 1, Phase.Ready), ("stock-1", 1, Phase.Ready))
            .Node("b-1", 1, "stock-2").Gateway("g");
        Assert.Equal(RolloutStage.Failed, After(TimeSpan.FromMinutes(10), documents)?.Next.Stage);
    }

    [Fact]
    public void First_batches_are_watched_at_the_same_time()
    {
        var (one, two) = (Both("1"), Both("2"));
        var documents = new Documents().Revision(1, one).Revision(2, two, 1).Asked(2)
            .Rollout(1, 2, RolloutStage.Rolling)
            .Node("a-1", ("order-1", 1, Phase.Ready), ("order-3", 2, Phase.Ready), ("stock-1", 1, Phase.Ready))
            .Node("b-1", ("order-2", 1, Phase.Ready), ("stock-2", 1, Phase.Ready), ("stock-3", 2, Phase.Ready))
            .Gateway("g");
        var admitted = After(TimeSpan.FromSeconds(11), documents)!.Value.Next.Admitted;
        var rollout = new Rollout { Current = 1, Target = 2, Admitted = admitted };
        if (admitted.Count < 2)
            admitted = After(TimeSpan.FromSeconds(2), documents.Put(Keys.Rollout, rollout))?.Next.Admitted ?? [];
        Assert.Equal(["order", "stock"], admitted.Select(s => s.Value));
    }

    private static ClusterSpec Both(string version)
    {
        var spec = Documents.Spec(("order", 2), ("stock", 2));
        return spec with
        {
            Services = spec.Services.Select(s => s with { Command = [version] }).ToEquatableArray(),
        };
    }
}
