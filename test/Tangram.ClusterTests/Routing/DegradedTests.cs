using System.Net;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

/// <summary>What clients get when no backend is left.</summary>
public sealed class DegradedTests
{
    private static readonly ServiceName Lite = ServiceName.Of("lite");

    [Fact]
    public async Task Another_service_answers_and_the_answer_says_so()
    {
        await using var lite = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync();
        Publish(bed, new DegradeSpec { To = Lite }, lite.Port, GatewayBed.ClosedPort());
        using var answer = await bed.Client.GetAsync(new Uri(bed.Url, "/a"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("to=lite", Label(answer));
        Assert.Contains("GET", await answer.Content.ReadAsStringAsync());
        // A POST that was never sent goes there with its body.
        using var posted = await bed.Client.PostAsync(new Uri(bed.Url, "/echo"), new StringContent("whole"));
        Assert.Equal(("whole", "to=lite"), (await posted.Content.ReadAsStringAsync(), Label(posted)));
    }

    [Fact]
    public async Task Who_has_been_gone_for_a_while_is_not_waited_for()
    {
        await using var lite = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync();
        Publish(bed, new DegradeSpec { To = Lite }, lite.Port);
        using (await bed.Client.GetAsync(bed.Url)) { /* It waited as long as a restart takes. */ }
        var begun = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 20; i++)
        {
            using var answer = await bed.Client.GetAsync(bed.Url);
            Assert.Equal("to=lite", Label(answer));
        }
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun).TotalSeconds, 0, 1);
    }

    [Fact]
    public async Task Then_the_last_good_answer_is_given_and_then_a_fixed_one()
    {
        await using var bed = await GatewayBed.StartAsync();
        var spec = new DegradeSpec
        {
            To = Lite, Stale = TimeSpan.FromMinutes(1),
            Response = new FixedAnswerSpec(200, "text/html", "<p>later</p>"),
        };
        var app = await AppBackend.StartAsync();
        Publish(bed, spec, null, app.Port);
        var good = await bed.Client.GetStringAsync(new Uri(bed.Url, "/page?a=1"));
        using (var personal = new HttpRequestMessage(HttpMethod.Get, new Uri(bed.Url, "/mine")))
        {
            personal.Headers.Add("Cookie", "who=me");
            using (await bed.Client.SendAsync(personal)) { /* It is nobody else's. */ }
        }
        await app.DisposeAsync();
        Publish(bed, spec, null);
        using var stale = await bed.Client.GetAsync(new Uri(bed.Url, "/page?a=1"));
        Assert.Equal((HttpStatusCode.OK, "stale", good),
            (stale.StatusCode, Label(stale), await stale.Content.ReadAsStringAsync()));
        Assert.NotNull(stale.Headers.Age);
        using var demanding = new HttpRequestMessage(HttpMethod.Get, new Uri(bed.Url, "/page?a=1"));
        demanding.Headers.CacheControl = new() { NoCache = true };
        foreach (var path in new[] { "/page?a=2", "/mine" })
        {
            using var other = await bed.Client.GetAsync(new Uri(bed.Url, path));
            Assert.Equal(("response", "<p>later</p>"), (Label(other), await other.Content.ReadAsStringAsync()));
            Assert.Equal("text/html", other.Content.Headers.ContentType!.MediaType);
        }
        using var fresh = await bed.Client.SendAsync(demanding);
        Assert.Equal("response", Label(fresh));
        using var post = await bed.Client.PostAsync(new Uri(bed.Url, "/page?a=1"), new StringContent("x"));
        Assert.Equal("response", Label(post));
        var counted = bed.Gateway.Table.Find(GatewayBed.Order)!.Counters.Degrade;
        Assert.Equal(1, counted.Stale);
    }

    [Fact]
    public async Task Without_anything_to_give_it_is_503_with_a_time_to_come_again()
    {
        await using var bed = await GatewayBed.StartAsync();
        Publish(bed, new DegradeSpec { To = Lite, Stale = TimeSpan.FromMinutes(1) }, null);
        using var answer = await bed.Client.GetAsync(bed.Url);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal("none", Label(answer));
    }

    [Fact]
    public async Task What_may_have_been_executed_is_not_given_to_another()
    {
        await using var lite = await AppBackend.StartAsync();
        await using var raw = new RawBackend("raw", (_, _) => Act.Close);
        await using var bed = await GatewayBed.StartAsync();
        Publish(bed, new DegradeSpec { To = Lite }, lite.Port, raw.Port);
        using var post = await bed.Client.PostAsync(bed.Url, new StringContent("once"));
        Assert.Equal((HttpStatusCode.BadGateway, "none"), (post.StatusCode, Label(post)));
    }

    private static void Publish(GatewayBed bed, DegradeSpec degrade, int? lite, params int[] ports)
    {
        var backends = ports.Select(port => (GatewayBed.Order, port, 1));
        if (lite is { } at) backends = backends.Append((Lite, at, 1));
        bed.Publish(new ClusterSpec
        {
            Name = "test",
            Services =
            [
                new ServiceSpec { Name = Lite },
                new ServiceSpec
                {
                    Name = GatewayBed.Order, Routes = [new RouteSpec(null, "/")],
                    Traffic = new TrafficSpec { Degrade = degrade },
                },
            ],
        }, [.. backends]);
    }

    private static string Label(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Tangram-Degraded", out var values) ? values.Single() : "none";
}
