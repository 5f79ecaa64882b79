using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.Bench.Faults;

/// <param name="Took">To its first byte.</param>
/// <param name="Bytes">As they came, head and body.</param>
/// <param name="Whole">When the last one came.</param>
/// <param name="Status">0: no answer came.</param>
internal sealed record StreamAnswer(TimeSpan Took, TimeSpan Whole, int Status, byte[] Bytes, string? Trouble)
{
    public int BodyAt => Bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
}

/// <summary>A client made of a bare socket, which sees what really comes.</summary>
internal sealed class StreamClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
    };

    /// <summary>Null: it did not come about in time.</summary>
    public static async Task<StreamClient?> ConnectAsync(int port, TimeSpan patience)
    {
        var client = new StreamClient();
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await client._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
            return client;
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            client.Dispose();
            return null;
        }
    }

    /// <summary>Asks, and reads until so many bytes of body are there, or nothing more comes.</summary>
    public async Task<StreamAnswer> AskAsync(string path, int body, TimeSpan patience)
    {
        await _socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n"));
        return await ReadAsync(body, patience);
    }

    public async Task<StreamAnswer> ReadAsync(int body, TimeSpan patience)
    {
        var (begun, first) = (Stopwatch.GetTimestamp(), (TimeSpan?)null);
        var (bytes, room) = (new MemoryStream(), new byte[64 * 1024]);
        using var limit = new CancellationTokenSource(patience);
        string? trouble = null;
        try
        {
            while (!IsWhole(bytes, body))
            {
                var received = await _socket.ReceiveAsync(room, limit.Token);
                first ??= Stopwatch.GetElapsedTime(begun);
                if (received == 0)
                {
                    trouble = "closed";
                    break;
                }
                bytes.Write(room, 0, received);
            }
        }
        catch (OperationCanceledException) { trouble = "silent"; }
        catch (SocketException e) { trouble = e.SocketErrorCode == SocketError.ConnectionReset ? "reset" : e.Message; }
        var all = bytes.ToArray();
        var status = all.Length > 12 && int.TryParse(Encoding.Latin1.GetString(all, 9, 3), out var read) ? read : 0;
        var whole = Stopwatch.GetElapsedTime(begun);
        return new StreamAnswer(first ?? whole, whole, status, all, trouble);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>By its length and not by its head, in which bytes may be wrong.</summary>
    private static bool IsWhole(MemoryStream bytes, int body)
    {
        var head = $"HTTP/1.1 200 OK\r\nContent-Length: {body}\r\n\r\n".Length;
        if (bytes.Length < 12) return false;
        var all = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        return all.StartsWith("HTTP/1.1 "u8) && !all[9..12].SequenceEqual("200"u8)
            ? all.EndsWith("answer\n"u8)
            : all.Length >= head + body;
    }
}
