using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class LineFactsTests
{
    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);

    private static LineFacts Line(long unacknowledged, double sent, double heard, double? trip = 0.1,
        bool again = false) =>
        new(unacknowledged, again, Ms(sent), Ms(heard), trip is { } known ? Ms(known) : null);

    [Theory]
    [InlineData(1, 70, 5000, true)]
    [InlineData(0, 5000, 5000, false)]
    [InlineData(1, 50, 5000, false)]
    [InlineData(3, 70, 10, false)]
    public void Is_unheard_when_what_was_sent_is_not_acknowledged_in_time(
        long unacknowledged, double sent, double heard, bool unheard) =>
        Assert.Equal(unheard, Line(unacknowledged, sent, heard).IsUnheard);

    [Fact]
    public void What_was_just_sent_again_is_unheard_too() => Assert.True(Line(1, 2, 300, again: true).IsUnheard);

    [Fact]
    public void A_machine_far_away_may_take_longer_and_one_at_an_unknown_distance_any_time()
    {
        Assert.False(Line(1, 200, 200, trip: 80).IsUnheard);
        Assert.True(Line(1, 230, 230, trip: 80).IsUnheard);
        Assert.False(Line(1, 5000, 5000, trip: null).IsUnheard);
    }

    [Fact]
    public void A_lost_backend_is_tried_when_somebody_has_found_it_back_and_not_before()
    {
        var service = Routed.Service(2);
        var lost = service.Backends[0].Counters;
        lost.TryAgainAt(Routed.Start);
        Assert.False(lost.Ejected);

        Ejection.Report(service, service.Backends[0], AttemptOutcome.NeverSent, Routed.Start);
        lost.TryAgainAt(Routed.Start + TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(3), lost.EjectedFor(Routed.Start + TimeSpan.FromSeconds(2)));
        Assert.False(lost.TryTrial(Routed.Start + TimeSpan.FromSeconds(4)));

        var back = Routed.Start + TimeSpan.FromSeconds(4);
        lost.TryAgainAt(back);
        Assert.True(lost.TryTrial(back));
        Ejection.Report(service, service.Backends[0], AttemptOutcome.Answered, back);
        Assert.False(lost.Ejected);
    }

    [Fact]
    public void One_that_is_only_suspected_keeps_its_term()
    {
        var service = Routed.Service(2);
        Ejection.Report(service, service.Backends[0], AttemptOutcome.NoAnswer, Routed.Start);
        service.Backends[0].Counters.TryAgainAt(Routed.Start + TimeSpan.FromSeconds(50));
        Assert.True(service.Backends[0].Counters.EjectedFor(Routed.Start) < TimeSpan.FromSeconds(3));
    }
}
