using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tangram.Coordinating.Trust;

/// <summary>Is the peer's certificate one of this cluster's, of a role that is admitted, and valid now? The name that
/// was dialled is not compared: the identity is, and it says more.</summary>
internal static class PeerCheck
{
    /// <summary>Extended key usages of RFC 5280, 4.2.1.12.</summary>
    public const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Who the certificate says its owner is, unproven; null when it says nothing, or two things.</summary>
    public static PeerIdentity? IdentityOf(X509Certificate2? certificate)
    {
        if (certificate is null || AlternativeNames.Of(certificate).Uris is not [var uri]) return null;
        return PeerIdentity.TryParse(uri, out var identity) ? identity : null;
    }

    /// <summary>Why the peer is not admitted, as the end of a sentence about it, or null when it is.</summary>
    /// <param name="use"><see cref="ServerUse"/> when the peer was connected to, else
    /// <see cref="ClientUse"/>.</param>
    public static string? Refusal(X509Certificate2? peer, TlsContent own, IReadOnlyCollection<PeerRole> admitted,
        string use, DateTimeOffset now)
    {
        if (peer is null) return "it showed no certificate; start it with --tls DIR (made by 'tangram ca issue')";
        if (IdentityOf(peer) is not { } identity)
            return "its certificate names nobody in a tangram cluster";
        // What an unproven certificate says of itself helps who made a mistake; nothing is granted for it.
        var cluster = own.Identity.Cluster;
        if (identity.Cluster != cluster) return $"{identity}: {identity.Refusal(cluster, admitted)}";
        if (Untrusted(peer, own.Authorities, use) is { } untrusted) return $"{identity}: {untrusted}";
        if (Authority.LifeOf(peer).Refusal(now) is { } over)
            return $"{identity}: its certificate is not valid: {over}";
        return identity.Refusal(cluster, admitted) is { } refusal ? $"{identity}: {refusal}" : null;
    }

    /// <summary>Why none of these authorities vouches for it, whenever that be; null when one does.</summary>
    public static string? Untrusted(X509Certificate2 certificate, X509Certificate2Collection authorities,
        string use = ClientUse)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = Policy(authorities);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(use));
        // Within both lives: whether it is valid now is asked apart, to be told apart.
        chain.ChainPolicy.VerificationTime = certificate.NotBefore;
        if (chain.Build(certificate)) return null;
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        const X509ChainStatusFlags Stranger = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot |
                                              X509ChainStatusFlags.NotSignatureValid;
        if ((status & Stranger) != 0) return "its certificate was issued by another authority";
        if ((status & X509ChainStatusFlags.NotValidForUsage) != 0) return "its certificate is not for this use";
        return $"its certificate is not sound ({status})";
    }

    /// <summary>These authorities only, none of the machine's, and nothing is fetched from the network.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
