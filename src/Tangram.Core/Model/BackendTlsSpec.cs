namespace Tangram.Model;

/// <summary>Replicas speak TLS on their port, and gateways with them. Paths are on the machine of each gateway and
/// agent.</summary>
public sealed record BackendTlsSpec
{
    /// <summary>The name that a replica's certificate must be for, and that is asked for (SNI).</summary>
    public required string Name { get; init; }

    /// <summary>The authorities that vouch for replicas; null: those of the machine.</summary>
    public string? Ca { get; init; }

    /// <summary>What the gateway shows of itself; null: nothing.</summary>
    public CertificateSpec? Client { get; init; }

    /// <summary>False: whoever answers is taken for the replica.</summary>
    public bool Verify { get; init; } = true;
}
