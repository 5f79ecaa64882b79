using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>What the store says of certificates that the cluster orders. Whoever may not read a secret sees none of
/// it (<see cref="RelayRules.MayRead"/>).</summary>
public sealed record AcmeState
{
    public static readonly AcmeState Empty = new();

    public Versioned<AcmeAccount>? Account { get; init; }
    public Versioned<AcmeChallenge>? Challenge { get; init; }
    public Versioned<AcmeTroubles>? Troubles { get; init; }

    /// <summary>By domain.</summary>
    public ImmutableSortedDictionary<string, Versioned<AcmeCertificate>> Certificates { get; init; } =
        ImmutableSortedDictionary.Create<string, Versioned<AcmeCertificate>>(StringComparer.Ordinal);

    internal AcmeState With(KeyChange change)
    {
        switch (change.Pair.Key)
        {
            case Keys.AcmeAccount: return this with { Account = ClusterState.Read<AcmeAccount>(change) };
            case Keys.AcmeChallenge: return this with { Challenge = ClusterState.Read<AcmeChallenge>(change) };
            case Keys.AcmeTroubles: return this with { Troubles = ClusterState.Read<AcmeTroubles>(change) };
        }
        if (!change.Pair.Key.StartsWith(Keys.AcmeCertificatePrefix, StringComparison.Ordinal)) return this;
        var domain = change.Pair.Key[Keys.AcmeCertificatePrefix.Length..];
        return this with
        {
            Certificates = change.Deleted
                ? Certificates.Remove(domain)
                : Certificates.SetItem(domain, ClusterState.Read<AcmeCertificate>(change)!),
        };
    }

    /// <summary>What gateways follow.</summary>
    internal static bool IsRouted(string key) =>
        key == Keys.AcmeChallenge || key.StartsWith(Keys.AcmeCertificatePrefix, StringComparison.Ordinal);
}
