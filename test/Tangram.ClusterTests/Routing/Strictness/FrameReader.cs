using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>A connection of HTTP/2 on which anything may be said.</summary>
internal sealed class FrameReader : IDisposable
{
    /// <summary>Of answers: the static table's entries 8 to 14 (RFC 7541, appendix A).</summary>
    private static readonly int[] Statuses = [200, 204, 206, 304, 400, 404, 500];

    private static readonly string[] Codes =
    [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
        "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ];

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(10));
    private NetworkStream? _stream;

    public async Task ConnectAsync(int port)
    {
        await _socket.ConnectAsync(IPAddress.Loopback, port, _patience.Token);
        _stream = new NetworkStream(_socket);
    }

    /// <summary>False: the other side does not take it any more.</summary>
    public async Task<bool> SendAsync(byte[] bytes, CancellationToken end = default)
    {
        try
        {
            await _stream!.WriteAsync(bytes, end.CanBeCanceled ? end : _patience.Token);
            return true;
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && end.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>What comes first: an answer on this stream, as its status, "RST_STREAM CODE" of it, "GOAWAY CODE" of
    /// the connection, or "the end".</summary>
    public async Task<string> OutcomeAsync(int stream)
    {
        var head = new byte[9];
        while (true)
        {
            byte[] payload;
            try
            {
                await _stream!.ReadExactlyAsync(head, _patience.Token);
                payload = new byte[head[0] << 16 | head[1] << 8 | head[2]];
                await _stream.ReadExactlyAsync(payload, _patience.Token);
            }
            catch (IOException)
            {
                return "the end";
            }
            var (kind, on) = ((FrameKind)head[3], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)));
            if (kind == FrameKind.Settings && (head[4] & Frames.Ack) == 0)
                await SendAsync(new Frames().Frame(FrameKind.Settings, Frames.Ack, 0).Bytes);
            else if (kind == FrameKind.Away && Code(payload.AsSpan(4)) is not "NO_ERROR" and var why)
                return $"GOAWAY {why}";
            else if (on != stream) continue;
            else if (kind == FrameKind.Reset) return $"RST_STREAM {Code(payload)}";
            else if (kind == FrameKind.Headers) return Status(payload);
        }
    }

    /// <summary>True once the other side has ended it.</summary>
    public async Task<bool> EndsAsync()
    {
        var buffer = new byte[16_384];
        try
        {
            while (await _stream!.ReadAsync(buffer, _patience.Token) > 0) { }
        }
        catch (IOException)
        {
            // By a reset.
        }
        return true;
    }

    private static string Code(ReadOnlySpan<byte> payload) => Codes[BinaryPrimitives.ReadInt32BigEndian(payload)];

    private static string Status(ReadOnlySpan<byte> block)
    {
        while ((block[0] & 0xE0) == 0x20) block = block[1..];   // a table's new size
        return (block[0] & 0x80) != 0
            ? $"{Statuses[(block[0] & 0x7F) - 8]}"
            : Encoding.ASCII.GetString(block.Slice(2, 3));
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _socket.Dispose();
        _patience.Dispose();
    }
}
