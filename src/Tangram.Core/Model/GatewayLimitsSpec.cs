namespace Tangram.Model;

/// <summary>How much a client may send the gateway, and how slowly.</summary>
public sealed record GatewayLimitsSpec
{
    /// <summary>Of all fields of a request together. Common servers take 8 to 64 kB.</summary>
    public int HeaderBytes { get; init; } = 32 * 1024;

    /// <summary>How many fields a request may have.</summary>
    public int Headers { get; init; } = 100;

    /// <summary>Of method, target and version, in bytes. RFC 9112, 3 wants 8,000 at least.</summary>
    public int RequestLine { get; init; } = 8 * 1024;

    /// <summary>From a request's first byte to the end of its head.</summary>
    public TimeSpan HeaderTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes a second, on average, that a body of known length must come with, and an answer over HTTP/1.1
    /// must be taken with. 0: at any pace.</summary>
    public int BodyRate { get; init; } = 240;

    /// <summary>A client may be silent for this long between two requests, or before its first.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>Open at once; each costs a descriptor and about 10 kB.</summary>
    public int Connections { get; init; } = 65_536;

    /// <summary>Of one request's body; null: of any length.</summary>
    public long? BodyBytes { get; init; }
}
