using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Deploying;

/// <summary>What the gateways' own counts say about a new revision.</summary>
public sealed class OutcomeTestTests
{
    private static readonly ServiceName Order = ServiceName.Of("order");

    private static Documents Gateway(string name, (long Requests, long Failures) before,
        (long Requests, long Failures) now, string service = "order", Documents? documents = null) =>
        (documents ?? Rolling()).Put(Keys.Gateway(name), new GatewaySeen
        {
            Outcomes =
            [
                new Outcomes(ServiceName.Of(service), 1, before.Requests, before.Failures),
                new Outcomes(ServiceName.Of(service), 2, now.Requests, now.Failures),
            ],
        });

    /// <summary>Revision 2 goes out, and revision 1 is what a rollback would bring back.</summary>
    private static Documents Rolling() => new Documents()
        .Put(Keys.Revision(1), new Revision { Number = 1, Spec = Documents.Spec(1) })
        .Put(Keys.Revision(2), new Revision { Number = 2, Spec = Documents.Spec(2) })
        .Put(Keys.Rollout, new Rollout { Current = 1, Target = 2 });

    private static bool Condemned(Documents documents) => OutcomeTest.Condemns(documents.State, Order, 2) is not null;

    [Theory]
    [InlineData(10, 5)]
    [InlineData(10, 4)]
    [InlineData(3, 3)]
    [InlineData(30, 5)]
    [InlineData(10_000, 200)]
    public void A_new_revision_that_fails_where_the_old_one_did_not_is_condemned(long requests, long failures) =>
        Assert.True(Condemned(Gateway("g", (1_000, 0), (requests, failures))));

    [Theory]
    [InlineData(2, 2)]
    [InlineData(1, 1)]
    [InlineData(200, 3)]
    [InlineData(1_000, 8)]
    [InlineData(100_000, 1_000)]
    public void A_few_unlucky_requests_do_not_decide(long requests, long failures) =>
        Assert.False(Condemned(Gateway("g", (1_000, 0), (requests, failures))));

    [Theory]
    [InlineData(1_000, 500, 100, 50)]
    [InlineData(1_000, 100, 1_000, 110)]
    [InlineData(100, 20, 10, 5)]
    public void What_failed_as_often_before_is_not_the_new_revisions_fault(long before, long failedBefore,
        long requests, long failures) =>
        Assert.False(Condemned(Gateway("g", (before, failedBefore), (requests, failures))));

    [Fact]
    public void A_revision_that_is_clearly_worse_than_a_bad_one_is_condemned() =>
        Assert.True(Condemned(Gateway("g", (10_000, 1_000), (1_000, 500))));

    [Fact]
    public void Without_any_request_to_the_old_one_the_new_one_is_judged_by_itself() =>
        Assert.True(Condemned(Gateway("g", (0, 0), (20, 10))));

    [Fact]
    public void A_revision_that_was_superseded_before_it_was_proven_is_no_measure()
    {
        var outcomes = new GatewaySeen
        {
            Outcomes =
            [
                new Outcomes(Order, 1, 500, 0), new Outcomes(Order, 2, 100, 50), new Outcomes(Order, 3, 100, 50),
            ],
        };
        var state = Rolling().Put(Keys.Revision(3), new Revision { Number = 3, Spec = Documents.Spec(3) })
            .Put(Keys.Gateway("g"), outcomes).State;
        Assert.Equal("50 of 100 requests to revision 3 of order failed, against 0 of 500 to the one before",
            OutcomeTest.Condemns(state, Order, 3));
    }

    [Fact]
    public void The_counts_of_all_gateways_are_taken_together()
    {
        var one = Gateway("g", (1_000, 0), (2, 2));
        Assert.False(Condemned(one));
        Assert.True(Condemned(Gateway("h", (1_000, 0), (2, 2), documents: one)));
    }

    [Fact]
    public void Failures_of_another_service_do_not_count() =>
        Assert.False(Condemned(Gateway("g", (1_000, 0), (100, 50), "stock")));

    [Fact]
    public void Failures_of_the_old_revision_alone_condemn_nobody() =>
        Assert.False(Condemned(Gateway("g", (1_000, 500), (100, 0))));

    [Fact]
    public void The_sentence_has_the_figures_of_both() => Assert.Equal(
        "5 of 10 requests to revision 2 of order failed, against 0 of 1000 to the one before",
        OutcomeTest.Condemns(Gateway("g", (1_000, 0), (10, 5)).State, Order, 2));

    [Fact]
    public void The_interval_is_the_one_of_the_formula()
    {
        var (low, high) = OutcomeTest.Bounds(10, 5);
        Assert.Equal(0.156, low, 3);
        Assert.Equal(0.844, high, 3);
        Assert.Equal((0.0, 1.0), OutcomeTest.Bounds(0, 0));
    }
}
