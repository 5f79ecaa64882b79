namespace Tangram.Model;

/// <summary>How the cluster shows an authority that a name is its own.</summary>
public enum AcmeProof
{
    /// <summary>A file at a path by http (RFC 8555, 8.3).</summary>
    Http01,
    /// <summary>A certificate in a TLS handshake (RFC 8737).</summary>
    TlsAlpn01,
}

/// <summary>Certificates that the cluster has issued to itself, one for each domain, by ACME (RFC 8555).</summary>
public sealed record AcmeSpec
{
    /// <summary>An https URL.</summary>
    public required string Directory { get; init; }

    /// <summary>To whom the authority writes; null: to nobody.</summary>
    public string? Email { get; init; }
    public EquatableArray<string> Domains { get; init; }
    public AcmeProof Proof { get; init; }

    /// <summary>A PEM file, on each server's machine, with the authorities by which <see cref="Directory"/> itself is
    /// known; null: those of the machine.</summary>
    public string? Ca { get; init; }
}

/// <summary>Key <c>acme/account</c>, a secret: who the cluster is to one authority. Written by the leader.</summary>
/// <param name="Directory">Whose account it is.</param>
/// <param name="Key">PEM, PKCS #8, ECDSA P-256.</param>
/// <param name="Url">How the authority calls it.</param>
public sealed record AcmeAccount(string Directory, string? Email, string Key, string Url);

/// <summary>Key <c>acme/certificates/DOMAIN</c>, a secret: what gateways show for it. Written by the leader.</summary>
/// <param name="Directory">Who issued it.</param>
/// <param name="Chain">PEM: the certificate, then those that vouch for it.</param>
/// <param name="Key">PEM, PKCS #8.</param>
public sealed record AcmeCertificate(
    string Directory, string Chain, string Key, DateTimeOffset From, DateTimeOffset Until);

/// <summary>Key <c>acme/challenge</c>: what an authority will ask any of the gateways for. Written by the
/// leader.</summary>
/// <param name="Answer">The key authorization (RFC 8555, 8.1), which is no secret.</param>
public sealed record AcmeChallenge(string Domain, AcmeProof Proof, string Token, string Answer);

/// <summary>Key <c>acme/troubles</c>: the domains whose last order failed. Written by the leader.</summary>
public sealed record AcmeTroubles
{
    public EquatableArray<AcmeTrouble> Domains { get; init; }
}

/// <param name="Failures">In a row.</param>
public sealed record AcmeTrouble(string Domain, int Failures, string Because);
