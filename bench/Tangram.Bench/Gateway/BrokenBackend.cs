using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.Bench.Gateway;

internal enum Breakage { None, HalfFail, Slow, Refuses }

/// <summary>A replica that answers after 5 ms, until a file says how it shall be broken. Its health stays well as long
/// as it listens, as with a fault in one part of a program.</summary>
internal static class BrokenBackend
{
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(5), Long = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private static int _requests;

    /// <summary>The file in which the bench says what the backend at this port is like.</summary>
    public static string FileOf(string folder, string port) => Path.Combine(folder, $"breakage-{port}");

    /// <param name="args">The folder of these files.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var port = Environment.GetEnvironmentVariable("PORT")!;
        var file = FileOf(args[0], port);
        while (true)
        {
            while (Now(file) == Breakage.Refuses) await Task.Delay(LookEvery);
            using var listening = new TcpListener(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));
            using var refusing = new CancellationTokenSource();
            listening.Start(4096);
            var accepting = AcceptAsync(listening, file, refusing.Token);
            while (Now(file) != Breakage.Refuses) await Task.Delay(LookEvery);
            listening.Stop();
            await refusing.CancelAsync();
            await accepting;
        }
    }

    private static Breakage Now(string file)
    {
        try { return Enum.TryParse<Breakage>(File.ReadAllText(file), out var now) ? now : Breakage.None; }
        catch (IOException) { return Breakage.None; }
    }

    private static async Task AcceptAsync(TcpListener listening, string file, CancellationToken refusing)
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ServeAsync(await listening.AcceptSocketAsync(refusing), file, refusing));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private static async Task ServeAsync(Socket socket, string file, CancellationToken refusing)
    {
        using var _ = socket;
        socket.NoDelay = true;
        var (buffer, filled) = (new byte[16_384], 0);
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(filled), refusing) is > 0 and var read)
            {
                filled += read;
                if (buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) < 0) continue;
                var isHealth = buffer.AsSpan(0, filled).StartsWith("GET /healthz"u8);
                filled = 0;
                var now = isHealth ? Breakage.None : Now(file);
                await Task.Delay(now == Breakage.Slow ? Long : isHealth ? TimeSpan.Zero : Usual, refusing);
                var fails = now == Breakage.HalfFail && Interlocked.Increment(ref _requests) % 2 == 0;
                await socket.SendAsync(fails ? Failed : Answered, refusing);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The client has gone, or nobody is let in any more.
        }
    }

    private static readonly byte[] Answered = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    private static readonly byte[] Failed =
        Encoding.ASCII.GetBytes("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nbad");
}
