using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.Bench.Faults;

/// <summary>A little server: <c>/</c> gives 100 bytes and is counted, <c>/big</c> gives <see cref="Big"/> bytes that
/// are known, <c>/count</c> says how often <c>/</c> was asked for.</summary>
internal static class StreamReplica
{
    public const int Big = 256 * 1024;
    private static int _count;

    public static byte At(int index) => (byte)(index % 251);

    public static async Task<int> RunAsync()
    {
        var listener = new TcpListener(IPAddress.Loopback,
            int.Parse(Environment.GetEnvironmentVariable("PORT")!, CultureInfo.InvariantCulture));
        listener.Start();
        while (true) _ = AnswerAsync(await listener.AcceptSocketAsync());
    }

    private static async Task AnswerAsync(Socket socket)
    {
        using var owned = socket;
        socket.NoDelay = true;
        var (room, said) = (new byte[4096], "");
        try
        {
            while (await socket.ReceiveAsync(room) is > 0 and var received)
            {
                said += Encoding.Latin1.GetString(room, 0, received);
                for (int end; (end = said.IndexOf("\r\n\r\n", StringComparison.Ordinal)) >= 0; said = said[(end + 4)..])
                    await SendAsync(socket, said.Split(' ') is [_, var path, ..] ? path : "");
            }
        }
        catch (SocketException)
        {
            // It was reset.
        }
    }

    private static async Task SendAsync(Socket socket, string path)
    {
        if (path == "/") Interlocked.Increment(ref _count);
        byte[] body = path switch
        {
            "/big" => [.. Enumerable.Range(0, Big).Select(At)],
            "/count" => Encoding.ASCII.GetBytes(_count.ToString(CultureInfo.InvariantCulture)),
            _ => Encoding.ASCII.GetBytes(new string('x', 100)),
        };
        byte[] all = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
        for (var sent = 0; sent < all.Length;) sent += await socket.SendAsync(all.AsMemory(sent));
    }
}
