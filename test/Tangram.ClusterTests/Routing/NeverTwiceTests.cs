using System.Net;

namespace Tangram.ClusterTests.Routing;

/// <summary>An unsafe request that may have been executed is never sent a second time.</summary>
public sealed class NeverTwiceTests
{
    [Theory]
    [InlineData("body")]
    [InlineData(null)]
    public async Task A_post_that_is_read_and_then_closed_reaches_one_backend_once(string? body)
    {
        await using var one = new RawBackend("one", (_, _) => Act.Close);
        await using var two = new RawBackend("two", (_, _) => Act.Close);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port);

        Assert.Equal(HttpStatusCode.BadGateway, await bed.PostAsync(body));

        Assert.Equal(1, one.Requests + two.Requests);
    }

    [Theory]
    [InlineData("body", "Close")]
    [InlineData(null, "Close")]
    [InlineData("body", "Reset")]
    [InlineData(null, "Reset")]
    public async Task A_post_on_a_reused_connection_that_then_closes_is_not_replayed(string? body, string end)
    {
        var act = Enum.Parse<Act>(end);
        await using var backend = new RawBackend("one",
            (line, _) => line.StartsWith("POST", StringComparison.Ordinal) ? act : Act.Answer);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        for (var round = 1; round <= 20; round++)
        {
            Assert.Equal(HttpStatusCode.OK, (await bed.GetAsync()).Status);
            Assert.Equal(HttpStatusCode.BadGateway, await bed.PostAsync(body));
            Assert.Equal(2 * round, backend.Requests);
        }
    }

    /// <summary>Such a request is sent in two parts, and the platform's client repeats it by itself as long as the
    /// second has not gone out.</summary>
    [Theory]
    [InlineData("Close")]
    [InlineData("Reset")]
    public async Task A_post_that_waits_for_100_continue_is_not_replayed(string end)
    {
        var act = Enum.Parse<Act>(end);
        await using var backend = new RawBackend("one",
            (line, _) => line.StartsWith("POST", StringComparison.Ordinal) ? act : Act.Answer);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        Assert.Equal(HttpStatusCode.OK, (await bed.GetAsync()).Status);
        using var request = new HttpRequestMessage(HttpMethod.Post, bed.Url) { Content = new StringContent("body") };
        request.Headers.ExpectContinue = true;

        using var response = await bed.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(2, backend.Requests);
    }

    [Fact]
    public async Task A_delete_without_a_body_is_not_replayed()
    {
        await using var one = new RawBackend("one", (_, number) => number == 1 ? Act.Answer : Act.Close);
        await using var bed = await GatewayBed.StartAsync(one.Port);
        await bed.GetAsync();
        using var response = await bed.Client.DeleteAsync(bed.Url);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(2, one.Requests);
    }

    [Fact]
    public async Task A_post_that_fails_with_500_is_answered_with_that_500()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Fail500);
        await using var two = new RawBackend("two", (_, _) => Act.Fail500);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port);
        Assert.Equal(HttpStatusCode.InternalServerError, await bed.PostAsync("body"));
        Assert.Equal(1, one.Requests + two.Requests);
    }

    [Theory]
    [InlineData("body")]
    [InlineData(null)]
    public async Task A_post_that_was_never_sent_goes_to_another_backend(string? body)
    {
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(
            GatewayBed.ClosedPort(), good.Port, GatewayBed.ClosedPort(), GatewayBed.ClosedPort());
        for (var i = 0; i < 20; i++) Assert.Equal(HttpStatusCode.OK, await bed.PostAsync(body));
        Assert.Equal(20, good.Requests);
    }
}
