using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Routing.Http1;

/// <summary>One end of a connection on which a test says and reads the bytes of HTTP/1.1 itself.</summary>
internal sealed class Peer(Socket socket, TimeSpan? patience = null) : IDisposable
{
    private readonly BufferedStream _in = new(new NetworkStream(socket), 64 * 1024);
    private readonly CancellationTokenSource _late = new(patience ?? TimeSpan.FromSeconds(20));

    public static async Task<Peer> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new Peer(socket);
    }

    /// <summary>Written with | for CR LF, in characters of Latin-1.</summary>
    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text.Replace("|", "\r\n"));

    public static string? Field(string head, string name) => head.Split("\r\n")
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim()).FirstOrDefault();

    public Task SendAsync(string text) => SendAsync(Bytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, _late.Token)..];
    }

    /// <summary>Without the empty line at its end; null when the connection ended.</summary>
    public async Task<string?> HeadAsync()
    {
        var head = new StringBuilder();
        while (await LineAsync() is { } line)
        {
            if (line.Length == 0) return head.ToString();
            head.Append(head.Length > 0 ? "\r\n" : "").Append(line);
        }
        return null;
    }

    public async Task<byte[]> BodyAsync(string head)
    {
        if (Field(head, "Transfer-Encoding") is null)
            return await ExactlyAsync(int.Parse(Field(head, "Content-Length") ?? "0", CultureInfo.InvariantCulture));
        using var body = new MemoryStream();
        while (await ChunkAsync() is { Length: > 0 } chunk) body.Write(chunk);
        await LineAsync();
        return body.ToArray();
    }

    /// <summary>The next one; the last is empty.</summary>
    public async Task<byte[]> ChunkAsync()
    {
        var line = await LineAsync() ?? throw new EndOfStreamException();
        var chunk = await ExactlyAsync(int.Parse(line, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        if (chunk.Length > 0) await LineAsync();
        return chunk;
    }

    public async Task<byte[]> ExactlyAsync(int bytes)
    {
        var all = new byte[bytes];
        await _in.ReadExactlyAsync(all, _late.Token);
        return all;
    }

    /// <summary>Until the other end closes.</summary>
    public async Task<long> RestAsync()
    {
        var (all, buffer) = (0L, new byte[64 * 1024]);
        while (await _in.ReadAsync(buffer, _late.Token) is > 0 and var read) all += read;
        return all;
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    private async Task<string?> LineAsync()
    {
        var (line, one) = (new StringBuilder(), new byte[1]);
        while (await _in.ReadAsync(one, _late.Token) > 0)
        {
            if (one[0] != '\n') line.Append((char)one[0]);
            else return line.Length > 0 && line[^1] == '\r' ? line.ToString(0, line.Length - 1) : line.ToString();
        }
        return null;
    }

    public void Dispose()
    {
        socket.Dispose();
        _in.Dispose();
        _late.Dispose();
    }
}
