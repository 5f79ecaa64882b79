using static Tangram.ClusterTests.Routing.Strictness.Frames;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Frames of HTTP/2 where none, or none like that, may be.</summary>
internal static class FrameRows
{
    private const string Protocol = "GOAWAY PROTOCOL_ERROR", Size = "GOAWAY FRAME_SIZE_ERROR",
        Flow = "GOAWAY FLOW_CONTROL_ERROR", Compression = "GOAWAY COMPRESSION_ERROR";

    public static IEnumerable<Http2Row> All =>
    [
        Wrong("DATA on stream 0", "6.1", Protocol, says => says.Data(0, "x")),
        Wrong("DATA on an idle stream", "5.1", "GOAWAY PROTOCOL_ERROR", says => says.Data(1, "x")),
        Wrong("HEADERS on stream 0", "6.2", Protocol, says => says.Headers(0, Get)),
        Wrong("HEADERS on an even stream", "5.1.1", Protocol, says => says.Headers(2, Get)),
        Wrong("a stream with a smaller number", "5.1.1", "GOAWAY STREAM_CLOSED",
            says => says.Headers(3, Get).Headers(1, Get), Reaches.Perhaps),
        Wrong("RST_STREAM on stream 0", "6.4", Protocol, says => says.Frame(FrameKind.Reset, 0, 0, 0, 0, 0, 8)),
        Wrong("RST_STREAM on an idle stream", "6.4", Protocol, says => says.Frame(FrameKind.Reset, 0, 1, 0, 0, 0, 8)),
        Wrong("RST_STREAM of 3 bytes", "6.4", Size,
            says => says.Headers(1, Post, EndHeaders).Frame(FrameKind.Reset, 0, 1, 0, 0, 8), Reaches.NoEnd),
        Wrong("SETTINGS on stream 1", "6.5", Protocol, says => says.Frame(FrameKind.Settings, 0, 1)),
        Wrong("SETTINGS of 5 bytes", "6.5", Size, says => says.Frame(FrameKind.Settings, 0, 0, 0, 4, 0, 0, 0)),
        Wrong("an answer to SETTINGS that says something", "6.5", Size,
            says => says.Frame(FrameKind.Settings, Ack, 0, 0, 4, 0, 0, 0, 1)),
        Wrong("an initial window of 2^31", "6.5.2", Flow,
            says => says.Frame(FrameKind.Settings, 0, 0, 0, 4, 0x80, 0, 0, 0)),
        Wrong("a largest frame of 100", "6.5.2", Protocol, says =>
            says.Frame(FrameKind.Settings, 0, 0, 0, 5, 0, 0, 0, 100)),
        Wrong("ENABLE_PUSH of 2", "6.5.2", Protocol, says => says.Frame(FrameKind.Settings, 0, 0, 0, 2, 0, 0, 0, 2)),
        Wrong("PUSH_PROMISE", "8.4", Protocol, says => says.Frame(FrameKind.Push, EndHeaders, 1, 0, 0, 0, 2)),
        Wrong("PING on stream 1", "6.7", Protocol, says => says.Frame(FrameKind.Ping, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)),
        Wrong("PING of 7 bytes", "6.7", Size, says => says.Frame(FrameKind.Ping, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
        Wrong("GOAWAY on stream 1", "6.8", Protocol, says => says.Frame(FrameKind.Away, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)),
        Wrong("WINDOW_UPDATE by 0", "6.9", Protocol, says => says.Frame(FrameKind.WindowUpdate, 0, 0, 0, 0, 0, 0)),
        Wrong("WINDOW_UPDATE of 3 bytes", "6.9", Size, says => says.Frame(FrameKind.WindowUpdate, 0, 0, 0, 0, 1)),
        Wrong("the connection's window over 2^31 - 1", "6.9.1", Flow,
            says => says.Frame(FrameKind.WindowUpdate, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF)),
        Wrong("a stream's window over 2^31 - 1", "6.9.1", "RST_STREAM FLOW_CONTROL_ERROR",
            says => says.Headers(1, Post, EndHeaders).Frame(FrameKind.WindowUpdate, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF),
            Reaches.NoEnd),
        Wrong("WINDOW_UPDATE on an idle stream", "5.1", Protocol,
            says => says.Frame(FrameKind.WindowUpdate, 0, 1, 0, 0, 0, 1)),
        Wrong("CONTINUATION without HEADERS", "6.10", Protocol,
            says => says.Frame(FrameKind.Continuation, EndHeaders, 1, Block(Get))),
        Wrong("DATA amid a block of fields", "6.10", Protocol,
            says => says.Frame(FrameKind.Headers, EndStream, 1, Block(Get)).Data(1, "x")),
        Wrong("CONTINUATION of another stream", "6.10", Protocol, says => says
            .Frame(FrameKind.Headers, EndStream, 1, Block(Get)).Frame(FrameKind.Continuation, EndHeaders, 3)),
        new("a block of fields in two frames", "6.10", "is one", "200", Reaches.Plain, says =>
            says.HeadersInTwo(1, Get)),
        Wrong("a frame larger than 16,384", "4.2", Size,
            says => says.Headers(1, Post, EndHeaders).Data(1, new string('x', 16_385)), Reaches.NoEnd),
        Wrong("padding longer than its frame", "6.1", Protocol,
            says => says.Headers(1, Post, EndHeaders).Data(1, "\u00ffabc", Padded | EndStream), Reaches.NoEnd),
        Wrong("more DATA than the window", "6.9", Flow, says =>
        {
            says.Headers(1, Post, EndHeaders);
            for (var i = 0; i < 1_000; i++) says.Data(1, new string('x', 16_384), 0);
        }, Reaches.NoEnd),
        Wrong("a field of an index that is none", "7541 2.3.3", Compression,
            says => says.Frame(FrameKind.Headers, EndStream | EndHeaders, 1, 0xFE)),
        Wrong("index 0", "7541 6.1", "GOAWAY INTERNAL_ERROR", says =>
            says.Frame(FrameKind.Headers, EndStream | EndHeaders, 1, 0x80)),
        Wrong("a number over 2^31", "7541 5.1", Compression,
            says => says.Frame(FrameKind.Headers, EndStream | EndHeaders, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)),
        Wrong("a table larger than allowed", "7541 6.3", Compression,
            says => says.Frame(FrameKind.Headers, EndStream | EndHeaders, 1, 0x3F, 0xFF, 0xFF, 0x7F)),
        Wrong("a block of fields that is cut", "4.3", Compression,
            says => says.Frame(FrameKind.Headers, EndStream | EndHeaders, 1, 0, 9, (byte)'a')),
        Wrong("a wrong Huffman code", "7541 5.2", Compression,
            says => says.Frame(FrameKind.Headers, EndStream | EndHeaders, 1, 0, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0)),
        Wrong("PRIORITY of a stream on itself", "5.3.1", "GOAWAY PROTOCOL_ERROR",
            says => says.Frame(FrameKind.Priority, 0, 1, 0, 0, 0, 1, 0)),
        new("a frame of a kind that is not known", "4.1", "MUST be passed over", "200", Reaches.Plain,
            says => says.Frame((FrameKind)0xBB, 0xFF, 7, 1, 2, 3).Headers(1, Get)),
        Wrong("a field of 40 kB", "10.5.1", "GOAWAY COMPRESSION_ERROR", says =>
            Large(says, [.. Get, ("a", new string('x', 40_000))])),
        Wrong("fields of 40 kB together", "10.5.1", "431",
            says => Large(says, [.. Get, .. Enumerable.Range(0, 40).Select(i => ($"a{i}", new string('x', 1000)))])),
        Wrong("101 fields", "10.5.1", "431",
            says => says.Headers(1, [.. Get, .. Enumerable.Range(0, 101).Select(i => ($"a{i}", "b"))])),
    ];

    private static void Large(Frames says, IEnumerable<(string, string)> fields)
    {
        var block = Block(fields);
        says.Frame(FrameKind.Headers, EndStream, 1, block.AsSpan(0, 16_000));
        for (var at = 16_000; at < block.Length; at += 16_000)
            says.Frame(FrameKind.Continuation, at + 16_000 >= block.Length ? EndHeaders : (byte)0, 1,
                block.AsSpan(at, Math.Min(16_000, block.Length - at)));
    }

    private static Http2Row Wrong(
        string name, string rfc, string outcome, Action<Frames> says, Reaches reaches = Reaches.Nothing) =>
        new(name, rfc, outcome.StartsWith("GOAWAY ", StringComparison.Ordinal)
            ? "a connection error" : "a stream error", outcome, reaches, says);
}
