using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Coordinating.Trust;

/// <summary>`tangram ca`.</summary>
internal static class TrustEntrance
{
    public static int Run(TrustRequest request, Surroundings around)
    {
        try
        {
            switch (request)
            {
                case TrustRequest.Init init: Init(init, around); break;
                case TrustRequest.Issue issue: Issue(issue, around); break;
                case TrustRequest.Show show: Show(show, around); break;
                default: throw new ArgumentOutOfRangeException(nameof(request), request, null);
            }
            return Exit.Done;
        }
        catch (TrustException e)
        {
            throw new CommandFailure(Exit.Failed, e.Message);
        }
    }

    private static void Init(TrustRequest.Init asked, Surroundings around)
    {
        using var authority = Authority.Make(asked.Cluster, asked.Folder, around.Clock.GetUtcNow());
        around.Print($"made the authority of {asked.Cluster} in {asked.Folder}");
        around.Print($"whoever has {Authority.KeyFile} can admit machines: keep it away from the cluster, with a copy");
    }

    private static void Issue(TrustRequest.Issue asked, Surroundings around)
    {
        using var authority = Authority.Open(asked.AuthorityFolder);
        var identity = new PeerIdentity(authority.Cluster, asked.Role, asked.Name);
        var now = around.Clock.GetUtcNow();
        var made = authority.Issue(identity, asked.Hosts, asked.Folder, TimeSpan.FromDays(asked.Days), now);
        var until = made.Load().Life.Until;
        around.Print($"made {identity} in {asked.Folder}, valid until {CertificateLife.Shown(until)}");
        around.Print($"bring the folder to {asked.Name}, unseen by others, and start it with --tls");
    }

    private static void Show(TrustRequest.Show asked, Surroundings around)
    {
        var files = Directory.Exists(asked.Path)
            ? Directory.EnumerateFiles(asked.Path, "*.crt").Order(StringComparer.Ordinal).ToArray()
            : [asked.Path];
        var views = files.SelectMany(file => Read(file, around.Clock.GetUtcNow())).ToArray();
        if (views.Length == 0)
            throw new TrustException($"{asked.Path} holds no certificate: no file in it ends with .crt");
        if (asked.Json) around.Print(ViewJson.Write(views, indented: true));
        else foreach (var view in views) Print(view, around);
    }

    private static IEnumerable<CertificateView> Read(string file, DateTimeOffset now)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(file);
            if (found.Count == 0) throw new CryptographicException("it holds no PEM certificate");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new TrustException($"{file} cannot be shown: {e.Message.TrimEnd('.')}. Name a PEM certificate, " +
                                     "such as node.crt, or the folder that holds it", e);
        }
        return found.Select(certificate => View(file, certificate, now));
    }

    private static CertificateView View(string file, X509Certificate2 certificate, DateTimeOffset now)
    {
        var names = AlternativeNames.Of(certificate);
        var life = Authority.LifeOf(certificate);
        var identity = PeerCheck.IdentityOf(certificate)?.ToString()
                       ?? names.Uris.FirstOrDefault(uri => PeerIdentity.TryParseAuthority(uri, out _));
        return new CertificateView(file, certificate.Subject, identity,
            names.Addresses.Select(a => a.ToString()).Concat(names.HostNames).ToEquatableArray(), life.From, life.Until,
            certificate.GetCertHashString(HashAlgorithmName.SHA256), life.Warning(now));
    }

    private static void Print(CertificateView view, Surroundings around)
    {
        around.Print(view.File);
        around.Print($"  identity     {view.Identity ?? "none in a tangram cluster"}");
        around.Print($"  subject      {view.Subject}");
        if (view.Addresses.Count > 0) around.Print($"  addresses    {string.Join(", ", view.Addresses)}");
        around.Print($"  valid        {CertificateLife.Shown(view.From)} to {CertificateLife.Shown(view.Until)}");
        around.Print($"  fingerprint  SHA-256 {view.Fingerprint}");
        if (view.Warning is { } warning) around.Print($"  warning      {warning}");
    }
}
