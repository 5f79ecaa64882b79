using System.Net;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

public sealed class BalanceTests
{
    [Fact]
    public async Task A_client_with_a_cookie_stays_with_its_replica_and_gets_another_when_that_is_gone()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Answer);
        await using var two = new RawBackend("two", (_, _) => Act.Answer);
        await using var three = new RawBackend("three", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync();
        bed.Spec = bed.Spec with { Traffic = new TrafficSpec { Sticky = "at" } };
        bed.Route([one.Port, two.Port, three.Port]);
        var first = (await bed.GetAsync()).Text;
        for (var i = 0; i < 20; i++) Assert.Equal(first, (await bed.GetAsync()).Text);
        RawBackend[] all = [one, two, three];
        bed.Route([.. all.Where(b => b.Name != first).Select(b => b.Port)]);
        var next = (await bed.GetAsync()).Text;
        Assert.NotEqual(first, next);
        for (var i = 0; i < 20; i++) Assert.Equal(next, (await bed.GetAsync()).Text);
    }

    [Fact]
    public async Task The_cookie_is_set_once_and_only_where_it_is_asked_for()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(one.Port);
        using (var plain = await bed.Client.GetAsync(bed.Url)) Assert.False(plain.Headers.Contains("Set-Cookie"));
        bed.Spec = bed.Spec with { Traffic = new TrafficSpec { Sticky = "at" } };
        bed.Route([one.Port]);
        using var first = await bed.Client.GetAsync(bed.Url);
        Assert.Matches($@"^at=order-{one.Port}\.[\w-]{{22}}; Path=/; HttpOnly; SameSite=Lax$",
            Assert.Single(first.Headers.GetValues("Set-Cookie")));
        using var second = await bed.Client.GetAsync(bed.Url);
        Assert.False(second.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Requests_with_one_header_go_to_one_backend()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Answer);
        await using var two = new RawBackend("two", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync();
        bed.Spec = bed.Spec with
        {
            Balance = BalancePolicy.Hash,
            Traffic = new TrafficSpec { Hash = new HashSpec(HashSource.Header, "X-User") },
        };
        bed.Route([one.Port, two.Port]);
        var seen = new HashSet<string>();
        for (var user = 0; user < 20; user++)
        {
            var answers = new HashSet<string>();
            for (var i = 0; i < 5; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, bed.Url);
                request.Headers.Add("X-User", $"user-{user}");
                using var response = await bed.Client.SendAsync(request);
                answers.Add(await response.Content.ReadAsStringAsync());
            }
            seen.Add(Assert.Single(answers));
        }
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task When_every_backend_is_overloaded_the_breaker_answers_and_closes_when_one_is_well()
    {
        var busy = true;
        await using var one = new RawBackend("one", (_, _) => Volatile.Read(ref busy) ? Act.Fail503 : Act.Answer);
        await using var two = new RawBackend("two", (_, _) => Volatile.Read(ref busy) ? Act.Fail503 : Act.Answer);
        await using var bed = await GatewayBed.StartAsync();
        var breaker = new BreakerSpec { Open = TimeSpan.FromMilliseconds(500) };
        bed.Spec = bed.Spec with
        {
            Traffic = new TrafficSpec { Breaker = breaker, SlowStart = TimeSpan.Zero },
        };
        bed.Route([one.Port, two.Port]);
        for (var i = 0; i < 40; i++) await bed.GetAsync();
        using (var refused = await bed.Client.GetAsync(bed.Url))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("breaker-open", Assert.Single(refused.Headers.GetValues("Tangram-Error")));
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        Volatile.Write(ref busy, false);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while ((await bed.GetAsync()).Status != HttpStatusCode.OK)
        {
            Assert.False(deadline.IsCancellationRequested, "it did not close within 15 s");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
        for (var i = 0; i < 20; i++) Assert.Equal(HttpStatusCode.OK, (await bed.GetAsync()).Status);
    }

    [Fact]
    public async Task The_time_to_an_answers_head_is_known()
    {
        await using var app = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(app.Port);
        for (var i = 0; i < 5; i++) await bed.GetAsync();
        var counters = bed.Gateway.Table.Find(GatewayBed.Order)!.Backends[0].Counters;
        Assert.InRange(counters.MeanLatency, 0.000_01, 5);
        Assert.Equal(BreakerState.Closed, BackendState.Of(bed.Gateway.Table.Find(GatewayBed.Order)!,
            bed.Gateway.Table.Find(GatewayBed.Order)!.Backends[0], bed.Gateway.Now).Breaker);
    }
}
