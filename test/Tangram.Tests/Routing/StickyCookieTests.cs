using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class StickyCookieTests
{
    private readonly RoutedService _service = Routed.Service(4, traffic: new TrafficSpec { Sticky = "at" });

    [Fact]
    public void A_client_stays_with_the_replica_that_its_cookie_names()
    {
        var backend = _service.Backends[2];
        for (var i = 0; i < 50; i++) Assert.Same(backend, Pick(_service.Sticky!.ValueOf(backend)!, (ulong)i));
    }

    [Fact]
    public void Every_gateway_makes_the_same_cookies_and_another_cluster_others()
    {
        var backend = _service.Backends[0];
        var same = Routed.Service(4, traffic: new TrafficSpec { Sticky = "at" });
        Assert.Equal(_service.Sticky!.ValueOf(backend), same.Sticky!.ValueOf(backend));
        var other = StickyCookies.Of("at", "another key", _service.Backends, null);
        Assert.NotEqual(_service.Sticky.ValueOf(backend), other.ValueOf(backend));
    }

    [Fact]
    public void A_cookie_that_somebody_made_up_is_none()
    {
        var backend = _service.Backends[0];
        Assert.Null(_service.Sticky!.Find("order-1"));
        Assert.Null(_service.Sticky.Find("order-1.AAAAAAAAAAAAAAAAAAAAAA"));
        Assert.Null(_service.Sticky.Find(_service.Sticky.ValueOf(backend)!.Replace("order-1.", "order-2.")));
        Assert.Same(backend, _service.Sticky.Find(_service.Sticky.ValueOf(backend)));
    }

    [Fact]
    public void When_the_replica_is_ejected_or_gone_another_is_chosen()
    {
        var backend = _service.Backends[2];
        var cookie = _service.Sticky!.ValueOf(backend)!;
        backend.Counters.Eject(Routed.Start);
        Assert.NotSame(backend, Pick(cookie, 1));
        var left = StickyCookies.Of("at", Routed.CookieKey, [.. _service.Backends.Where(b => b != backend)], null);
        Assert.Null(left.Find(cookie));
        Assert.Null(left.ValueOf(backend));
    }

    private Backend? Pick(string cookie, ulong chance)
    {
        var tried = new Tried();
        return Balancer.Pick(_service, in tried, chance, Routed.Start, new Affinity(null, cookie.AsMemory()));
    }
}
