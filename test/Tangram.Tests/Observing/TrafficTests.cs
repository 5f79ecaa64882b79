using Microsoft.Extensions.Time.Testing;
using Tangram.Observing;

namespace Tangram.Tests.Observing;

public sealed class TrafficTests
{
    /// <summary>One route to one service whose breaker is open, with two backends, one of them ejected.</summary>
    public static GatewayTrafficView Seen(string gateway) => new(
        gateway, DateTimeOffset.UnixEpoch, [new RouteTrafficView("shop.local/api", "order", 2, 100, 1, 0, 0.02, 1.5)],
        [
            new ServiceTrafficView("order", "peak-ewma", "open", false, "its breaker opened: 9 of 10 requests failed",
                2, 100, 1, 3, 0.02, 1.5,
                [
                    new BackendTrafficView("order-1", "a-1", "a", "ejected", "it took no connection", 0.5, 0.5, 1, 60,
                        4, 3, 0.01, 1, 0.02, 12),
                    new BackendTrafficView("order-2", "b-1", "b", "up", "", 1, 1, 1, 43, 0, 0, null, null, null, null),
                ]),
        ]);

    [Fact]
    public void What_several_see_is_added_up_and_of_states_the_worst_is_shown()
    {
        var other = Seen("g2");
        var calm = other.Services[0];
        other = other with
        {
            Services =
            [
                calm with
                {
                    Breaker = "closed", Because = "", P99 = 2,
                    Backends =
                    [
                        calm.Backends[0] with { State = "up", Because = "", Weight = 1, Changed = 3 }, calm.Backends[1],
                        calm.Backends[1] with { Backend = "order-3", State = "draining" },
                    ],
                },
            ],
        };
        var together = Traffic.Together([Seen("g1"), other]);
        Assert.Equal("g1, g2", together.Gateway);
        Assert.Equal((4, 200L, 2L), (together.Routes[0].InFlight, together.Routes[0].Requests,
            together.Routes[0].Errors));
        var service = Assert.Single(together.Services);
        Assert.Equal(("open", 6L, 2.0), (service.Breaker, service.Retries, service.P99));
        Assert.Equal(["order-1", "order-2", "order-3"], service.Backends.Select(b => b.Backend));
        Assert.Equal(("ejected", "it took no connection", 0.75, 3.0, 120L), (service.Backends[0].State,
            service.Backends[0].Because, service.Backends[0].Weight, service.Backends[0].Changed,
            service.Backends[0].Requests));
        Assert.Null(service.Backends[1].P99);
        Assert.Empty(Traffic.Together([]).Routes);
    }

    [Fact]
    public void What_is_wrong_is_said_of_the_service_that_was_asked_for()
    {
        Assert.Equal(2, Traffic.Sentences([Seen("g1")], "order").Count());
        Assert.Empty(Traffic.Sentences([Seen("g1")], "web"));
        var trial = Seen("g1").Services[0] with { Breaker = "half-open", Panic = true };
        trial = trial with { Backends = [trial.Backends[0] with { State = "trial", Because = "" }] };
        Assert.Equal(
        [
            "Its breaker is half-open in g1, which lets one request at a time through: its breaker opened: 9 of 10 " +
                "requests failed.",
            "g1 uses its ejected backends too, since fewer than half are well.",
            "g1 tries order-1 with one request at a time: the reason has just passed.",
        ], Traffic.Sentences([Seen("g1") with { Services = [trial] }], "order"));
    }

    [Fact]
    public void A_gateway_is_known_for_as_long_as_it_tells()
    {
        var time = new FakeTimeProvider();
        var desk = new TrafficDesk(time);
        Assert.True(desk.Take("g2", ViewJson.Write(Seen("another's name"))));
        Assert.False(desk.Take("g3", "{"));
        Assert.False(desk.Take("g3", "null"));
        Assert.False(desk.Take("g3", new string(' ', TrafficDesk.Longest + 1)));
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.True(desk.Take("g1", ViewJson.Write(Seen("g1"))));
        Assert.Equal([Seen("g1"), Seen("g2")], desk.All());
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([Seen("g1")], desk.All());
    }
}
