using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>What the cluster has ordered by ACME, as a gateway shows it. Immutable.</summary>
internal sealed record AcmeShown(AcmeShown.One[] All, ShownChallenge? Challenge)
{
    internal sealed record One(string Domain, long Revision, ServedCertificate Certificate);

    /// <summary>Keeps what is the same, so that sessions can be resumed. A certificate that cannot be read, as of a
    /// newer Tangram, leaves the one before in force.</summary>
    public AcmeShown Next(AcmeState acme, Action<string> say)
    {
        var challenge = acme.Challenge?.Value == Challenge?.Asked ? Challenge
            : acme.Challenge is { } asked ? ShownChallenge.Of(asked.Value) : null;
        var all = acme.Certificates
            .Select(held => Next(held.Key, held.Value, Array.Find(All, one => one.Domain == held.Key), say))
            .OfType<One>().ToArray();
        return new AcmeShown(all.SequenceEqual(All, ReferenceEqualityComparer.Instance) ? All : all, challenge);
    }

    /// <summary>In the order of the file.</summary>
    public IEnumerable<ServedCertificate> For(AcmeSpec? spec) =>
        from domain in spec?.Domains ?? []
        let one = Array.Find(All, one => one.Domain == domain)
        where one is not null
        select one.Certificate;

    private static One? Next(string domain, Versioned<AcmeCertificate> held, One? before, Action<string> say)
    {
        if (before?.Revision == held.ModRevision) return before;
        try
        {
            return new One(domain, held.ModRevision,
                ServedCertificate.Of(held.Value.Chain, held.Value.Key, $"the certificate for {domain}"));
        }
        catch (TrustException e)
        {
            say(e.Message);
            return before;
        }
    }
}
