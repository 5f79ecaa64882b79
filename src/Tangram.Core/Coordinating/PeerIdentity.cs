using System.Diagnostics.CodeAnalysis;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>What a machine's certificate entitles it to be.</summary>
public enum PeerRole { Server, Agent, Gateway, Client }

/// <summary>Who speaks at the other end of a connection between machines: the text <c>tangram://CLUSTER/ROLE/NAME</c>,
/// which stands as a URI in the alternative names of its certificate.</summary>
/// <param name="Cluster">As the file names it: lower-case letters, digits, '-' and '_'.</param>
/// <param name="Name">Unique among those of its role; an agent's is its node's.</param>
public sealed record PeerIdentity(string Cluster, PeerRole Role, NodeName Name)
{
    private const string Scheme = "tangram://", ReservedHosts = ".tangram";

    /// <summary>What the certificate of a cluster's authority carries; it is nobody's identity.</summary>
    public static string OfAuthority(string cluster) => Scheme + cluster;

    /// <summary>The rule for a cluster's name, Compose's for a project.</summary>
    public static bool IsCluster([NotNullWhen(true)] string? text) =>
        Names.IsValid(text) && !text.Any(c => char.IsAsciiLetterUpper(c) || c == '.');

    public static bool TryParseAuthority(string? text, [NotNullWhen(true)] out string? cluster)
    {
        cluster = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        if (!IsCluster(text[Scheme.Length..])) return false;
        cluster = text[Scheme.Length..];
        return true;
    }

    /// <summary>Accepts exactly what <see cref="ToString"/> writes, so that one identity has one text.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PeerIdentity? identity)
    {
        identity = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        var parts = text[Scheme.Length..].Split('/');
        if (parts.Length != 3 || !IsCluster(parts[0]) || !Names.IsValid(parts[2])) return false;
        if (!TryParseRole(parts[1], out var role)) return false;
        identity = new PeerIdentity(parts[0], role, NodeName.Of(parts[2]));
        return true;
    }

    public static bool TryParseRole(string? text, out PeerRole role)
    {
        foreach (var known in Enum.GetValues<PeerRole>())
        {
            role = known;
            if (text == TextOf(known)) return true;
        }
        role = default;
        return false;
    }

    public static string TextOf(PeerRole role) => role switch
    {
        PeerRole.Server => "server",
        PeerRole.Agent => "agent",
        PeerRole.Gateway => "gateway",
        PeerRole.Client => "client",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    };

    /// <summary>The DNS name that every certificate of a role carries. By it a program that reads no URIs can tell the
    /// roles apart: etcd's <c>--client-cert-allowed-hostname server.tangram</c> admits servers only.</summary>
    public static string HostOf(PeerRole role) => TextOf(role) + ReservedHosts;

    /// <summary>Why a certificate may not carry this address, as a sentence, or null when it may.</summary>
    public static string? ProblemOfAddress(string text)
    {
        if (Uri.CheckHostName(text) is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6) ||
            text.EndsWith('.') || text.Any(c => !char.IsAscii(c)))
            return $"'{text}' is neither an IP address nor a host name: write for example 10.0.0.1 or a.example.com";
        return text.EndsWith(ReservedHosts, StringComparison.OrdinalIgnoreCase)
            ? $"'{text}' is reserved: names that end with {ReservedHosts} tell roles apart"
            : null;
    }

    /// <summary>Why this peer is not admitted, as the end of a sentence about it, or null when it is.</summary>
    public string? Refusal(string cluster, IReadOnlyCollection<PeerRole> admitted)
    {
        if (Cluster != cluster) return $"it belongs to the cluster '{Cluster}' and not to '{cluster}'";
        if (admitted.Contains(Role)) return null;
        var others = string.Join(" or ", admitted.Order().Select(Article));
        return $"it is {Article(Role)}, and here only {others} is admitted";
    }

    public override string ToString() => $"{Scheme}{Cluster}/{TextOf(Role)}/{Name}";

    private static string Article(PeerRole role) => role == PeerRole.Agent ? "an agent" : $"a {TextOf(role)}";
}
