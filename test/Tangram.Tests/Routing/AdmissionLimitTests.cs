using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>The limit in front of a service of <c>places</c> that takes 20 ms, by Little's law.</summary>
public sealed class AdmissionLimitTests
{
    private Instant _now = Routed.Start;
    private double _seconds = 0.020;

    [Fact]
    public void It_settles_a_little_above_what_can_be_worked_on_at_once()
    {
        var limit = new AdmissionLimit(new AdmissionSpec(), 4);
        Run(limit, demand: 1000, places: 40, looks: 20);
        Assert.InRange(limit.Value, 50, 80);
        Assert.Equal(0.020, limit.UsualSeconds, 0.001);
    }

    [Fact]
    public void It_does_not_take_a_crowd_that_does_not_end_for_normal()
    {
        var limit = new AdmissionLimit(new AdmissionSpec(), 4);
        Run(limit, demand: 1000, places: 40, looks: 10_000);
        Assert.InRange(limit.Value, 50, 80);
    }

    [Fact]
    public void A_demand_that_the_service_can_meet_is_followed_within_seconds()
    {
        var limit = new AdmissionLimit(new AdmissionSpec(), 1);
        Run(limit, demand: 1000, places: 5000, looks: 20);
        Assert.InRange(limit.Value, 1000, 3000);
    }

    [Fact]
    public void What_nobody_comes_near_stays()
    {
        var limit = new AdmissionLimit(new AdmissionSpec(), 4);
        Run(limit, demand: 10, places: 5, looks: 100);
        Assert.Equal(80, limit.Value);
    }

    [Fact]
    public void A_service_that_became_slower_by_itself_is_understood_within_seconds()
    {
        var limit = new AdmissionLimit(new AdmissionSpec(), 4);
        Run(limit, demand: 70, places: 1000, looks: 50);
        _seconds = 0.1;
        Run(limit, demand: 350, places: 1000, looks: 40);
        Assert.InRange(limit.Value, 350, 1500);
        Assert.Equal(0.1, limit.UsualSeconds, 0.02);
    }

    [Fact]
    public void Half_of_the_backends_are_room_for_half()
    {
        var limit = new AdmissionLimit(new AdmissionSpec(), 4);
        limit.Look(default, 2, _now);
        Assert.Equal(40, limit.Value);
    }

    [Fact]
    public void Time_outs_and_503_say_that_it_is_too_much()
    {
        var limit = new AdmissionLimit(new AdmissionSpec(), 4);
        for (var i = 0; i < 40; i++)
            limit.Look(new AdmissionSample(5, 0.01, 50, limit.Value, limit.Value, 0), 4, Next());
        Assert.Equal(10, limit.Value);
    }

    [Fact]
    public void It_keeps_its_bounds_and_one_that_is_given_does_not_move()
    {
        var bounded = new AdmissionLimit(new AdmissionSpec { Min = 30, Max = 50 }, 4);
        Assert.Equal(50, bounded.Value);
        Run(bounded, demand: 1000, places: 1, looks: 30);
        Assert.Equal(30, bounded.Value);
        var given = new AdmissionLimit(new AdmissionSpec { Limit = 7 }, 4);
        Run(given, demand: 1000, places: 1, looks: 30);
        Assert.Equal(7, given.Value);
    }

    private void Run(AdmissionLimit limit, int demand, int places, int looks)
    {
        for (var i = 0; i < looks; i++)
        {
            var inside = Math.Min(demand, limit.Value);
            var seconds = _seconds * Math.Max(1, inside / (double)places);
            limit.Look(new AdmissionSample((int)(inside / seconds / 2), seconds, 0, inside, inside,
                Math.Max(0, demand - inside)), 4, Next());
        }
    }

    private Instant Next() => _now += Appraisal.Every;
}
