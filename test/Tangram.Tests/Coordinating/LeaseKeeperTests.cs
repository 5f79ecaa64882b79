using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class LeaseKeeperTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);
    private readonly LeaseKeeper _keeper = new(Ttl, new Requests());

    private static Instant At(double seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);

    private Effect? Tick(double at)
    {
        var effects = new List<Effect>();
        _keeper.On(new Event.Tick(), At(at), effects);
        return effects.SingleOrDefault();
    }

    private void Answer(long request, double sent, double arrived, long lease = 7, StoreStatus status = StoreStatus.Ok,
        bool ended = false) => _keeper.On(
        new Event.Leased(request, new LeaseAnswer(status, lease, ended ? TimeSpan.Zero : Ttl), At(sent)),
        At(arrived), []);

    [Fact]
    public void The_deadline_counts_from_when_the_renewal_was_sent_not_from_when_it_was_answered()
    {
        Tick(10);
        Answer(1, sent: 10, arrived: 12);
        Assert.True(_keeper.Held(At(12.6)));
        Assert.False(_keeper.Held(At(12.7)));
    }

    [Fact]
    public void It_is_renewed_when_a_third_of_its_time_is_over()
    {
        Tick(10);
        Answer(1, 10, 10);
        Assert.Null(Tick(10.9));
        Assert.Equal(new Effect.KeepAlive(2, 7), Tick(11));
    }

    [Fact]
    public void While_a_renewal_is_on_its_way_no_other_is_sent()
    {
        Assert.IsType<Effect.Grant>(Tick(10));
        Assert.Null(Tick(11));
        Assert.Null(Tick(12.9));
        Assert.IsType<Effect.Grant>(Tick(13));
    }

    [Fact]
    public void An_answer_to_a_request_that_was_given_up_changes_nothing()
    {
        Tick(10);
        Tick(13);
        Answer(1, 10, 13.1);
        Assert.Equal(0, _keeper.Lease);
        Answer(2, 13, 13.1);
        Assert.Equal(7, _keeper.Lease);
    }

    [Theory]
    [InlineData(StoreStatus.Unavailable)]
    [InlineData(StoreStatus.Unknown)]
    public void A_renewal_that_failed_prolongs_nothing_and_is_tried_again_while_the_lease_lasts(StoreStatus status)
    {
        Tick(10);
        Answer(1, 10, 10);
        Tick(11);
        Answer(2, 11, 11.1, 0, status);
        Assert.True(_keeper.Held(At(12.6)));
        Assert.False(_keeper.Held(At(12.7)));
        Assert.Equal(new Effect.KeepAlive(3, 7), Tick(12));
    }

    [Fact]
    public void A_lease_that_the_store_has_ended_is_not_held_and_a_new_one_is_asked_for()
    {
        Tick(10);
        Answer(1, 10, 10);
        Tick(11);
        Answer(2, 11, 11, ended: true);
        Assert.False(_keeper.Held(At(11)));
        Assert.IsType<Effect.Grant>(Tick(12));
    }

    [Fact]
    public void After_a_long_silence_a_new_lease_is_asked_for()
    {
        Tick(10);
        Answer(1, 10, 10);
        Assert.IsType<Effect.KeepAlive>(Tick(15.5));
        Assert.IsType<Effect.Grant>(Tick(18.6));
    }

    [Fact]
    public void What_was_given_up_is_not_taken_back_by_a_late_answer()
    {
        Tick(10);
        Answer(1, 10, 10);
        Tick(11);
        var effects = new List<Effect>();
        _keeper.Resign(effects);
        Answer(2, 11, 11.1);
        Assert.Equal(new Effect.Revoke(7), Assert.Single(effects));
        Assert.False(_keeper.Held(At(11.2)));
    }
}
