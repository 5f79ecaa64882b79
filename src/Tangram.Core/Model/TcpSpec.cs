namespace Tangram.Model;

/// <summary>Connections that the gateways pass on to a service as they are, whatever is spoken on them.</summary>
public sealed record TcpSpec
{
    public static readonly TimeSpan DefaultIdle = TimeSpan.FromHours(1);

    /// <summary><c>tcp://HOST:PORT</c>.</summary>
    public required string Listen { get; init; }
    public required ServiceName Service { get; init; }

    /// <summary>Those of TLS whose client asks for this host, or for one below <c>*.</c>; null: all that no other of
    /// the same address is for.</summary>
    public string? Sni { get; init; }

    /// <summary>They begin with the PROXY protocol.</summary>
    public bool AcceptProxy { get; init; }

    /// <summary>The version of the PROXY protocol by which the backend learns of the client; null: it does
    /// not.</summary>
    public int? SendProxy { get; init; }

    /// <summary>A connection on which nothing moves for so long is ended.</summary>
    public TimeSpan Idle { get; init; } = DefaultIdle;
}
