using System.Net.Security;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>For practice: a certificate that has ended, which new handshakes are shown instead of the gateway's own. A
/// lease: when nobody renews it, they are shown those again.</summary>
/// <param name="Http3">As <paramref name="Options"/>, for HTTP/3.</param>
internal sealed record EndedCertificate(
    Instant Until, SslServerAuthenticationOptions Options, SslServerAuthenticationOptions Http3)
{
    private static readonly TimeSpan Ago = TimeSpan.FromMinutes(1);

    /// <summary>It is for the same names, and from the gateway's own authority where it has one: so nothing but its end
    /// is wrong with it. Else from one that nobody knows. Throws <see cref="TrustException"/>.</summary>
    /// <param name="folder">Of the gateway.</param>
    /// <param name="own">It shows a certificate of its own authority.</param>
    public static ServedCertificate Make(
        string folder, string cluster, bool own, IEnumerable<string> names, DateTimeOffset now)
    {
        var scratch = Path.Combine(folder, "ended");
        TlsFolder.Create(scratch);
        try
        {
            // Left by one that was killed.
            foreach (var file in Directory.GetFiles(scratch)) File.Delete(file);
            using var authority = own ? Authority.Open(folder) : Authority.Make(cluster, scratch, now);
            var files = OwnCertificate.Files(scratch);
            authority.IssueToGateway(files, names, -Ago, now);
            return ServedCertificate.Read(CertificateFiles.Of(files));
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
