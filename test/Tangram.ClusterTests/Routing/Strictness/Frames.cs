using System.Buffers.Binary;
using System.Text;

namespace Tangram.ClusterTests.Routing.Strictness;

internal enum FrameKind : byte
{
    Data, Headers, Priority, Reset, Settings, Push, Ping, Away, WindowUpdate, Continuation,
}

/// <summary>What a client of HTTP/2 says, frame by frame, right or wrong (RFC 9113, 4.1).</summary>
internal sealed class Frames
{
    public const byte EndStream = 1, Ack = 1, EndHeaders = 4, Padded = 8;

    public static readonly (string, string)[] Get =
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")];

    public static readonly (string, string)[] Post =
        [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];

    private readonly MemoryStream _bytes = new();

    public byte[] Bytes => _bytes.ToArray();

    /// <summary>With the preface and empty settings before it.</summary>
    public static Frames Begun() => new Frames().Raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").Frame(FrameKind.Settings, 0,
        0);

    public Frames Raw(string text)
    {
        _bytes.Write(Encoding.Latin1.GetBytes(text));
        return this;
    }

    public Frames Frame(FrameKind kind, byte flags, int stream, params ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[9];
        BinaryPrimitives.WriteInt32BigEndian(head, payload.Length << 8);
        (head[3], head[4]) = ((byte)kind, flags);
        BinaryPrimitives.WriteInt32BigEndian(head[5..], stream);
        _bytes.Write(head);
        _bytes.Write(payload);
        return this;
    }

    public Frames Headers(int stream, IEnumerable<(string Name, string Value)> fields,
        byte flags = EndStream | EndHeaders) =>
        Frame(FrameKind.Headers, flags, stream, Block(fields));

    /// <summary>Only HEADERS, with END_STREAM, and the rest in a CONTINUATION.</summary>
    public Frames HeadersInTwo(int stream, IEnumerable<(string Name, string Value)> fields)
    {
        var block = Block(fields);
        return Frame(FrameKind.Headers, EndStream, stream, block.AsSpan(0, 3))
            .Frame(FrameKind.Continuation, EndHeaders, stream, block.AsSpan(3));
    }

    public Frames Data(int stream, string text, byte flags = EndStream) =>
        Frame(FrameKind.Data, flags, stream, Encoding.Latin1.GetBytes(text));

    /// <summary>Literal fields that are not indexed (RFC 7541, 6.2.2).</summary>
    public static byte[] Block(IEnumerable<(string Name, string Value)> fields)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            Write(block, name);
            Write(block, value);
        }
        return block.ToArray();
    }

    private static void Write(Stream block, string text)
    {
        var rest = text.Length;
        if (rest < 127) block.WriteByte((byte)rest);
        else
        {
            block.WriteByte(127);
            for (rest -= 127; rest >= 128; rest >>= 7) block.WriteByte((byte)(rest & 127 | 128));
            block.WriteByte((byte)rest);
        }
        block.Write(Encoding.Latin1.GetBytes(text));
    }
}
