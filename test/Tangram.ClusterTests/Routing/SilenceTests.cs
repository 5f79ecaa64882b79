using System.Net;

namespace Tangram.ClusterTests.Routing;

public sealed class SilenceTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5), LongerThanSilence = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task A_get_that_hangs_where_nothing_connects_any_more_is_answered_by_another_and_a_post_waits()
    {
        await using var cut = new RawBackend("cut", (_, _) => Act.Hold);
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(cut.Port);
        var (get, post) = (bed.GetAsync(), bed.PostAsync("body"));
        await GatewayBed.UntilAsync(() => cut.Requests == 2);
        bed.Route([cut.Port, good.Port]);

        await cut.GoDeafAsync();

        Assert.Equal((HttpStatusCode.OK, "good"), await get.WaitAsync(Soon, TimeProvider.System));
        Assert.False(post.IsCompleted);
        cut.Release();
        Assert.Equal(HttpStatusCode.OK, await post.WaitAsync(Soon, TimeProvider.System));
        Assert.Equal(2, cut.Requests);
    }

    [Fact]
    public async Task A_slow_backend_that_takes_connections_is_waited_for()
    {
        await using var slow = new RawBackend("slow", (_, _) => Act.Hold);
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(slow.Port);
        var get = bed.GetAsync();
        await GatewayBed.UntilAsync(() => slow.Requests == 1);
        bed.Route([slow.Port, good.Port]);

        await Assert.ThrowsAsync<TimeoutException>(() => get.WaitAsync(LongerThanSilence, TimeProvider.System));

        slow.Release();
        Assert.Equal((HttpStatusCode.OK, "slow"), await get.WaitAsync(Soon, TimeProvider.System));
        Assert.Equal(0, bed.Gateway.Table.Find(GatewayBed.Order)!.Backends.Sum(b => b.Counters.Failures));
    }
}
