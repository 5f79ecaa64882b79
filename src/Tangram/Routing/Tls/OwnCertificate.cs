using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>An authority of the gateway's own and a certificate from it, for use on one machine: who is given
/// <c>ca.crt</c> trusts the gateway. They lie in the state folder, for their owner alone, and stay over
/// restarts.</summary>
internal static class OwnCertificate
{
    /// <summary>What browsers take at most of an authority that its user has added: 825 days, and 398 of the public
    /// ones.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromDays(397);

    private static readonly string[] Local = ["localhost", "*.localhost", "127.0.0.1", "::1"];

    public static string AuthorityFile(string folder) => Path.Combine(folder, Authority.CertificateFile);

    public static CertificateSpec Files(string folder) =>
        new(Path.Combine(folder, "gateway.crt"), Path.Combine(folder, "gateway.key"));

    /// <summary>Makes what is not there, ends soon, or is not for all of these names. True when it made a certificate.
    /// Throws <see cref="TrustException"/>.</summary>
    public static bool Ensure(string folder, string cluster, IEnumerable<string> names, DateTimeOffset now)
    {
        var wanted = Local.Concat(names).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var files = Files(folder);
        using var authority = File.Exists(AuthorityFile(folder))
            ? Authority.Open(folder) : Authority.Make(cluster, folder, now);
        if (Fits(files, authority, wanted, now)) return false;
        authority.IssueToGateway(files, wanted, Life, now);
        return true;
    }

    private static bool Fits(CertificateSpec files, Authority authority, List<string> wanted, DateTimeOffset now)
    {
        if (!File.Exists(files.Cert) || !File.Exists(files.Key)) return false;
        try
        {
            var there = ServedCertificate.Read(CertificateFiles.Of(files));
            return there.Life.Warning(now) is null && authority.Vouches(there.Shown.TargetCertificate)
                && wanted.All(name => there.Names.Contains(name, StringComparer.OrdinalIgnoreCase));
        }
        catch (TrustException)
        {
            return false;
        }
    }
}
