using System.Net;
using Tangram.Model;

namespace Tangram.ClusterTests.Routing;

public sealed class RetryTests
{
    [Theory]
    [InlineData("Close")]
    [InlineData("Reset")]
    [InlineData("Fail500")]
    [InlineData("Cut")]
    [InlineData("CutChunks")]
    public async Task A_get_that_fails_is_answered_by_another_backend(string how)
    {
        var act = Enum.Parse<Act>(how);
        await using var bad = new RawBackend("bad", (_, _) => act);
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(bad.Port, good.Port);
        for (var i = 0; i < 30; i++) Assert.Equal((HttpStatusCode.OK, "good"), await bed.GetAsync());
        Assert.True(bad.Requests > 0);
        Assert.True(bed.Gateway.Table.Find(GatewayBed.Order)!.Backends[0].Counters.Failures
                    + bed.Gateway.Table.Find(GatewayBed.Order)!.Backends[1].Counters.Failures > 0);
    }

    [Fact]
    public async Task A_get_on_a_reused_connection_that_then_closes_is_answered()
    {
        await using var one = new RawBackend("one", (_, number) => number == 1 ? Act.Answer : Act.Close);
        await using var two = new RawBackend("two", (_, number) => number == 1 ? Act.Answer : Act.Reset);
        await using var three = new RawBackend("three", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port, three.Port);
        for (var i = 0; i < 50; i++) Assert.Equal(HttpStatusCode.OK, (await bed.GetAsync()).Status);
    }

    [Fact]
    public async Task A_backend_that_refuses_is_left_at_once()
    {
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        var closed = GatewayBed.ClosedPort();
        await using var bed = await GatewayBed.StartAsync(closed, good.Port);
        for (var i = 0; i < 100; i++) Assert.Equal((HttpStatusCode.OK, "good"), await bed.GetAsync());
        var refusing = bed.Gateway.Table.Find(GatewayBed.Order)!.Backends.Single(b => b.Port == closed).Counters;
        Assert.True(refusing.Ejected);
        Assert.InRange(refusing.Failures, 1, 5);
    }

    [Fact]
    public async Task When_every_backend_fails_the_last_real_answer_is_given()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Fail500);
        await using var two = new RawBackend("two", (_, _) => Act.Fail500);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port);
        var (status, text) = await bed.GetAsync();
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains(text, new[] { "one", "two" });
        Assert.Equal(2, one.Requests + two.Requests);
        Assert.Equal([new Outcomes(GatewayBed.Order, 1, 2, 2)], bed.Gateway.Outcomes);
    }

    [Theory]
    [InlineData("Cut")]
    [InlineData("CutChunks")]
    public async Task A_post_whose_answer_was_cut_is_not_repeated_nor_passed_off_as_whole(string how)
    {
        var act = Enum.Parse<Act>(how);
        await using var one = new RawBackend("one", (_, _) => act);
        await using var two = new RawBackend("two", (_, _) => act);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port);
        await Assert.ThrowsAsync<HttpRequestException>(() => bed.PostAsync("body"));
        await GatewayBed.UntilAsync(() => bed.Gateway.Outcomes == [new Outcomes(GatewayBed.Order, 1, 1, 1)]);
        Assert.Equal(1, one.Requests + two.Requests);
    }

    [Fact]
    public async Task A_get_whose_answer_was_cut_everywhere_gets_a_502()
    {
        await using var backend = new RawBackend("one", (_, _) => Act.Cut);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        Assert.Equal(HttpStatusCode.BadGateway, (await bed.GetAsync()).Status);
    }

    [Fact]
    public async Task A_request_waits_a_little_for_a_backend_to_appear()
    {
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync();
        var waiting = bed.PostAsync("body");
        await GatewayBed.UntilAsync(() => bed.Gateway.Table.Find(GatewayBed.Order)!.Counters.Active == 1);
        bed.Route([good.Port]);
        Assert.Equal(HttpStatusCode.OK, await waiting);
    }

    [Fact]
    public async Task Without_a_backend_the_answer_is_503_with_retry_after()
    {
        await using var bed = await GatewayBed.StartAsync();
        using var response = await bed.Client.GetAsync(bed.Url);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task What_hangs_on_a_dead_node_is_answered_at_once()
    {
        await using var hanging = new RawBackend("one", (_, _) => Act.Hold);
        await using var bed = await GatewayBed.StartAsync(hanging.Port);
        var get = bed.GetAsync();
        var post = bed.PostAsync("body");
        await GatewayBed.UntilAsync(() => hanging.Requests == 2);
        bed.Route([hanging.Port], dead: true);
        var soon = TimeSpan.FromSeconds(5);
        Assert.Equal(HttpStatusCode.BadGateway, await post.WaitAsync(soon, TimeProvider.System));
        Assert.Equal(HttpStatusCode.BadGateway, (await get.WaitAsync(soon, TimeProvider.System)).Status);
    }
}
