namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>The kinds of rows.</summary>
internal static class Rows
{
    public const string Get = "GET / HTTP/1.1\r\nHost: a\r\n";
    public const string Gone = "GET /gone HTTP/1.1\r\nHost: a\r\n";
    public const string Post = "POST / HTTP/1.1\r\nHost: a\r\n";
    public const string Chunked = Post + "Transfer-Encoding: chunked\r\n\r\n";

    /// <summary>Refused, whatever stands in it is never taken for another request.</summary>
    public static StrictRow Refused(string name, string rfc, string required, string sent, int status = 400) =>
        new(name, rfc, required, [status], Reaches.Nothing) { Sent = sent };

    /// <summary>Answered by the gateway itself; the connection goes on.</summary>
    public static StrictRow Answered(string name, string rfc, string required, string sent, int status) =>
        new(name, rfc, required, [status], Reaches.Nothing) { Sent = sent, Stays = true };

    /// <summary>Goes on to the backend.</summary>
    /// <param name="has">A part of the head as it arrives there.</param>
    public static StrictRow Passes(string name, string rfc, string required, string sent, string? has = null) =>
        new(name, rfc, required, [200], Reaches.Plain) { Sent = sent, Stays = true, Has = has };

    /// <summary>Wrong only behind its head, which is on its way by then.</summary>
    public static StrictRow Broken(string name, string rfc, string required, string sent, int status = 400) =>
        new(name, rfc, required, [status], Reaches.NoEnd) { Sent = sent };
}
