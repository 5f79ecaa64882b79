namespace Tangram.Routing.Strict;

/// <summary>What of a request could be read in two ways, once its lines and fields are taken apart.</summary>
public readonly ref struct RequestForm
{
    public required ReadOnlySpan<char> Method { get; init; }

    /// <summary>As it came; of HTTP/2 the <c>:path</c>.</summary>
    public required ReadOnlySpan<char> Target { get; init; }
    public required ReadOnlySpan<char> Host { get; init; }

    /// <summary>False: HTTP/2 and later, which frame bodies by themselves.</summary>
    public bool IsHttp1 { get; init; }
    public bool IsHttp10 { get; init; }

    /// <summary>How many fields of that name there are.</summary>
    public int Codings { get; init; }

    /// <summary>The first Transfer-Encoding.</summary>
    public ReadOnlySpan<char> Coding { get; init; }

    /// <summary>It tells a length beside the Transfer-Encoding.</summary>
    public bool HasLength { get; init; }

    /// <summary>It speaks of its connection (Connection, Keep-Alive, Upgrade, …), which HTTP/2 has no fields
    /// for.</summary>
    public bool NamesConnection { get; init; }

    /// <summary>Of an extended CONNECT (RFC 8441), <c>:protocol</c>; else empty.</summary>
    public ReadOnlySpan<char> Protocol { get; init; }
}

/// <summary>What becomes of a request by its form.</summary>
public enum FormVerdict
{
    /// <summary>There is one way to read it.</summary>
    Sound,
    /// <summary>Its end may be elsewhere than we think: 400, and the connection is not used any more.</summary>
    Framing,
    /// <summary>A coding of its body that we do not know: 501, and the same.</summary>
    Coding,
    /// <summary>400: fields of HTTP/1.1 alone (RFC 9113, 8.2.2).</summary>
    Connection,
    /// <summary>400.</summary>
    Target,
    /// <summary>400.</summary>
    Host,
    /// <summary>501: a method that some take for another one, or that nobody knows.</summary>
    Method,
    /// <summary>501: a gateway opens no tunnels.</summary>
    Tunnel,
    /// <summary>OPTIONS *: 204, for it asks the gateway itself (RFC 9110, 9.3.7).</summary>
    Ping,
}
