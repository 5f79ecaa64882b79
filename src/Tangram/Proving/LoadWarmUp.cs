using System.Net;
using System.Net.Sockets;
using System.Text;
using Tangram.Proving.Engine;
using Tangram.Proving.Replaying;

namespace Tangram.Proving;

/// <summary>Lets the generator compile its own code on a server of its own, so that the first requests of a run measure
/// the server and not the generator: cold, they take some 100 ms.</summary>
internal static class LoadWarmUp
{
    private const int Rounds = 60, AtOnce = 4;
    private static readonly byte[] Answer = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

    public static async Task RunAsync(TimeProvider time, CancellationToken cancellation)
    {
        using var over = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, over.Token);
        var options = new LoadOptions
        {
            Url = new Uri($"http://{listener.LocalEndpoint}/"),
            Rate = 1,
            Duration = TimeSpan.FromSeconds(1),
            UniqueIdHeader = "x-id",
        };
        using (var client = new LoadClient(options, "warm-up", time))
            for (var i = 0; i < Rounds; i++)
                await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(n => client.SendAsync(0, n, cancellation)));
        await over.CancelAsync();
        await serving;
    }

    /// <summary>The same of our own engine, by the model that is asked for.</summary>
    public static async Task RawAsync(LoadOptions model, TimeProvider time, CancellationToken cancellation)
    {
        using var over = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, over.Token);
        var options = new LoadOptions
        {
            Url = new Uri($"http://{listener.LocalEndpoint}/"),
            Rate = 2000,
            Duration = TimeSpan.FromMilliseconds(150),
            Users = model.Users is null ? null : AtOnce,
            Think = model.Users is null ? TimeSpan.Zero : TimeSpan.FromMilliseconds(1),
        };
        if (model.Replay is not null) options = Replay().In(options);
        var target = new EngineTarget((IPEndPoint)listener.LocalEndpoint);
        await EngineRun.RunAsync(options, target, null, time, cancellation);
        await over.CancelAsync();
        await serving;
    }

    /// <summary>A log of as many requests as the rate would make.</summary>
    private static ReplaySource Replay()
    {
        var reader = new ReplayReader(withUnsafe: false);
        for (var i = 0; i < 300; i++)
            reader.Take("- - - [30/Nov/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 200 -\n"u8);
        return ReplaySource.Of("", reader, reader.Log()!.Played(speed: 6, most: null));
    }

    private static async Task ServeAsync(TcpListener listener, CancellationToken over)
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(AnswerAsync(await listener.AcceptSocketAsync(over), over));
        }
        catch (OperationCanceledException) { }
        await Task.WhenAll(connections);
    }

    /// <summary>A request of the warm-up fits in one packet, so one read is one request.</summary>
    private static async Task AnswerAsync(Socket socket, CancellationToken over)
    {
        using var _ = socket;
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, over) > 0) await socket.SendAsync(Answer, over);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException) { }
    }
}
