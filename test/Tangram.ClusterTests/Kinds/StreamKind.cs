using System.Net.WebSockets;
using System.Text;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Kinds;

internal sealed class StreamKind() : Kind("stream")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public override Running[] Before => [new("live", 2, "1")];
    public override Running[] After => [new("live", 2, "2")];

    public override async Task UpAsync(KindCluster cluster)
    {
        using var socket = await OpenAsync(cluster);
        Assert.Equal("1 hello", await SayAsync(socket, "hello"));

        // Events come one by one, not when the answer is whole
        using var http = new HttpClient { Timeout = Patience };
        using var lines = new StreamReader(await http.GetStreamAsync(new Uri(cluster.Gateway, "ticks")));
        for (var tick = 0; tick < 3; tick++)
        {
            Assert.Contains($"\"tick\": {tick}", await lines.ReadLineAsync());
            Assert.Equal("", await lines.ReadLineAsync());
        }
    }

    /// <summary>A connection that was open goes on while new ones come to the new version.</summary>
    public override async Task MeanwhileAsync(KindCluster cluster)
    {
        using var old = await OpenAsync(cluster);
        Assert.Equal("1 before", await SayAsync(old, "before"));
        await Until.SomeAsync(async () =>
        {
            using var fresh = await OpenAsync(cluster);
            return await SayAsync(fresh, "new") == "2 new" ? "" : null;
        }, Patience, () => $"a WebSocket to the new version\n{cluster.Tail()}");
        Assert.Equal("1 still", await SayAsync(old, "still"));
    }

    public override Task ChangedAsync(KindCluster cluster) => SpeaksAsync(cluster, "2");
    public override Task BackAsync(KindCluster cluster) => SpeaksAsync(cluster, "1");

    private static async Task SpeaksAsync(KindCluster cluster, string version)
    {
        using var socket = await OpenAsync(cluster);
        Assert.Equal($"{version} hello", await SayAsync(socket, "hello"));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
    }

    private static async Task<ClientWebSocket> OpenAsync(KindCluster cluster)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{cluster.Gateway.Authority}/echo"), default).WaitAsync(Patience);
        return socket;
    }

    private static async Task<string> SayAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);
        var back = new byte[100];
        var read = await socket.ReceiveAsync(back, default).WaitAsync(Patience);
        return Encoding.UTF8.GetString(back, 0, read.Count);
    }
}
