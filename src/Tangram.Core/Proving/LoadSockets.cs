using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving;

/// <summary>Loads by WebSocket: messages on standing connections, each answered by the next message that
/// comes.</summary>
public static class LoadSockets
{
    /// <summary>Connections of a rate, when nobody says how many.</summary>
    public const int UsualConnections = 10;

    /// <summary>What is sent when nobody says what.</summary>
    public const string UsualMessage = "tangram";

    /// <summary>They make the handshake, or where it ends (RFC 6455, 4.1).</summary>
    private static readonly string[] Ours =
    [
        "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions",
        "Content-Length", "Transfer-Encoding", "Expect", "TE", "Trailer",
    ];

    public static bool Is(Uri url) => url.IsAbsoluteUri && url.Scheme is ("ws" or "wss");

    /// <summary>How many connections a load has.</summary>
    /// <param name="messages">Of the whole run, at a rate.</param>
    public static int Connections(LoadOptions options, long messages) =>
        options.Users ?? (int)Math.Min(Math.Min(options.Connections, options.MaxInFlight), messages);

    /// <summary>What is wrong with those options that messages do not have, as sentences.</summary>
    internal static IEnumerable<string> Problems(LoadOptions options)
    {
        if (!Is(options.Url)) yield break;
        if (options.Method != "GET") yield return "a WebSocket has no other method: its messages have none";
        if (options.Mix.Count > 0) yield return "messages are of one kind: leave the mix out";
        if (options.Also.Count > 0) yield return "a WebSocket stays where it is: leave other addresses out";
        if (options.LostAfter is not null) yield return "a WebSocket is lost when a message is out of time: --timeout";
        if (options.UniqueIdHeader is not null) yield return "messages have no headers, so none carries an id";
        if (options.Http2) yield return "a WebSocket begins by HTTP/1.1 here";
        if (options.Threads is not null) yield return "the threads of a WebSocket's load are the platform's to choose";
        if (options.Engine == LoadEngine.Raw) yield return "Tangram's own engine makes HTTP/1.1, and no WebSocket";
        foreach (var header in options.Headers)
            if (Ours.Contains(header.Name, StringComparer.OrdinalIgnoreCase))
                yield return $"the header {header.Name} is the handshake's own";
    }
}

/// <summary>What became of the connections of a load by WebSocket.</summary>
/// <param name="Opened">Handshakes that succeeded.</param>
/// <param name="Refused">Handshakes that did not.</param>
/// <param name="Lost">Connections that ended before the load did.</param>
/// <param name="Handshake">From the first byte to the server's consent.</param>
public sealed record SocketCounts(
    long Opened, long Refused, long Lost, [property: JsonPropertyName("handshakeMs")] LatencySummary Handshake);
