using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Tests.Coordinating;

public sealed class BackendCommandsTests
{
    private static readonly CommandStamp By = new("c1", DateTimeOffset.UnixEpoch);

    private readonly Documents _documents = new Documents().Revision(1, Documents.Spec(1)).Asked(1)
        .Rollout(1, 1, RolloutStage.Done).Node("a-1", 1, "order-1", "order-2").Gateway("g1", 1_000);

    [Fact]
    public void What_is_asked_of_a_replica_compares_asked_and_is_kept_until_it_is_normal_again()
    {
        var accepted = Accepted(Ask("order-2", BackendMode.Drain));
        Assert.Contains(Compare.Unchanged(Keys.Asked, _documents.State.Asked!.ModRevision), accepted.Txn.Compares);
        Take(accepted);
        Take(Accepted(Ask("order-1", BackendMode.Normal, 0.5)));
        Assert.Equal("order-1 weight 50%, order-2 drain", string.Join(", ",
            _documents.State.Asked!.Value.Backends.Select(b => $"{b.Replica} {b.Words}")));
        Assert.IsType<Decision.Unchanged>(Ask("order-1", BackendMode.Normal, 0.5));
        Take(Accepted(Ask("order-1", BackendMode.Normal)));
        Assert.Equal([new BackendAsked(ReplicaName.Of("order-2"), BackendMode.Drain)],
            _documents.State.Asked.Value.Backends);
        Assert.IsType<Decision.Unchanged>(Ask("order-1", BackendMode.Normal));
    }

    [Fact]
    public void It_is_shown_where_people_look()
    {
        Take(Accepted(Ask("order-2", BackendMode.Maintenance)));
        Assert.Equal([null, "maintenance"], Look.Replicas(_documents.State).Select(r => r.Asked));
        Assert.Contains("People asked for it: maintenance, until `tangram backend order-2 --normal`. " +
            "It gets no new requests at all.", Why.Explain(_documents.State, "order-2", [])!.Value);
    }

    [Fact]
    public void The_last_one_is_told_of_and_a_wrong_name_or_weight_refused()
    {
        Assert.DoesNotContain("no replica of", Accepted(Ask("order-2", BackendMode.Drain)).What);
        Take(Accepted(Ask("order-2", BackendMode.Drain)));
        Assert.EndsWith("; no replica of order is left that takes new requests",
            Accepted(Ask("order-1", BackendMode.Maintenance)).What);
        Assert.Equal("there is no replica 'order-9'. The replicas are: order-1, order-2",
            Assert.IsType<Decision.Refused>(Ask("order-9", BackendMode.Drain)).Why);
        foreach (var weight in new[] { 0, -1, 11, double.NaN })
            Assert.Contains("1% to 1000%", Assert.IsType<Decision.Refused>(Ask("order-1", default, weight)).Why);
    }

    [Fact]
    public void What_was_asked_of_a_replica_is_gone_with_it()
    {
        Take(Accepted(Ask("order-2", BackendMode.Drain)));
        Take(Accepted(Ask("order-1", BackendMode.Normal, 2)));
        _documents.Node("a-1", 1, "order-1", "order-3");
        Take(Accepted(Commands.Deploy(_documents.State, By, Documents.Spec(2), false)));
        Assert.Equal([new BackendAsked(ReplicaName.Of("order-1"), BackendMode.Normal, 2)],
            _documents.State.Asked!.Value.Backends);
    }

    private Decision Ask(string replica, BackendMode mode, double weight = 1) =>
        BackendCommands.Set(_documents.State, By, new BackendAsked(ReplicaName.Of(replica), mode, weight));

    private static Decision.Accepted Accepted(Decision decision) => Assert.IsType<Decision.Accepted>(decision);

    private void Take(Decision.Accepted decision)
    {
        foreach (var put in decision.Txn.Then.OfType<StoreOp.Put>()) _documents.PutText(put.Key, put.Value);
    }
}
