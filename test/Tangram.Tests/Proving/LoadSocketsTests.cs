using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class LoadSocketsTests
{
    private static readonly LoadOptions Good = new()
    {
        Url = new Uri("wss://shop/live"), Rate = 100, Duration = TimeSpan.FromSeconds(1),
        Headers = [new("Origin", "https://shop"), new("Sec-WebSocket-Protocol", "v1, v2")],
    };

    [Fact]
    public void Messages_may_come_at_a_rate_or_from_users()
    {
        Assert.Empty(Good.Problems());
        Assert.Empty((Good with { Users = 5, Think = TimeSpan.FromSeconds(1) }).Problems());
        Assert.Equal((7, 5, 3), (LoadSockets.Connections(Good with { Connections = 7 }, 100),
            LoadSockets.Connections(Good with { Users = 5 }, 0), LoadSockets.Connections(Good, 3)));
    }

    [Fact]
    public void What_messages_do_not_have_is_refused()
    {
        var bad = Good with
        {
            Method = "POST", Mix = [new LoadClass("a", "GET", Good.Url, null, 1)], Also = [new("http://x/")],
            LostAfter = TimeSpan.FromSeconds(1), UniqueIdHeader = "Id", Http2 = true, Threads = 2,
            Engine = LoadEngine.Raw, Headers = [new("Upgrade", "h2c")],
        };
        Assert.Equal(9, bad.Problems().Count());
        Assert.Equal(["users are of plain HTTP/1.1 only, and this asks for HTTP/2. Offer a rate instead"],
            (Good with { Url = new("http://shop/"), Headers = [], Users = 1, Http2 = true }).Problems());
    }
}
