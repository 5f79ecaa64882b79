using System.Net.Security;

namespace Tangram.Coordinating.Link;

/// <summary>How this process speaks to servers and to other agents.</summary>
/// <param name="Servers">HOST:PORT of every server; the order in which they are tried begins at a place that depends
/// on the name, so that agents spread over them.</param>
internal sealed record LinkOptions(string Cluster, PeerIdentity Self, IReadOnlyList<string> Servers)
{
    /// <summary>Raised when an older process could not understand the other side.</summary>
    public const int Protocol = 1;

    /// <summary>In plain text, which only loopback may use, this header tells who speaks; with TLS the certificate
    /// does.</summary>
    public const string WhoHeader = "tangram-who";

    /// <summary>How to connect to one of a role; null for plain text.</summary>
    public Func<PeerRole, SslClientAuthenticationOptions>? Tls { get; init; }

    /// <summary>A server that does not accept within this is left for the next.</summary>
    public TimeSpan ConnectPatience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often the server in use is greeted, to notice when it is gone: together with
    /// <see cref="GreetPatience"/> and <see cref="ConnectPatience"/> about a second.</summary>
    public TimeSpan GreetEvery { get; init; } = TimeSpan.FromMilliseconds(300);
    public TimeSpan GreetPatience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>From a call to its answer.</summary>
    public TimeSpan CallPatience { get; init; } = TimeSpan.FromSeconds(4);
}
