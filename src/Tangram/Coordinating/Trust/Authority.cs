using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Model;

namespace Tangram.Coordinating.Trust;

/// <summary>What vouches for every machine of one cluster: <c>ca.crt</c>, which everybody has, and <c>ca.key</c>, which
/// nobody needs but who admits machines. It runs nowhere; keep its folder away from the cluster.</summary>
internal sealed class Authority : IDisposable
{
    public const string CertificateFile = "ca.crt", KeyFile = "ca.key";

    /// <summary>To replace it, every machine must get a new folder; so it outlives most machines.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromDays(3653);

    private readonly X509Certificate2 _certificate;
    private readonly string _folder, _authorities;

    private Authority(X509Certificate2 certificate, string cluster, string folder, string authorities)
    {
        (_certificate, Cluster, _folder, _authorities) = (certificate, cluster, folder, authorities);
    }

    public string Cluster { get; }

    /// <summary>Throws <see cref="TrustException"/> when the folder holds an authority already.</summary>
    public static Authority Make(string cluster, string folder, DateTimeOffset now)
    {
        var (certificatePath, keyPath) = (Path.Combine(folder, CertificateFile), Path.Combine(folder, KeyFile));
        foreach (var path in (string[])[certificatePath, keyPath])
            if (File.Exists(path))
                throw new TrustException($"{path} exists and is not overwritten: with another authority every " +
                    "certificate that this one issued would be worthless. Give another folder with --out");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request($"CN=tangram authority of {cluster}", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(
            new AlternativeNames([PeerIdentity.OfAuthority(cluster)], [], []).Extension());
        var certificate = request.CreateSelfSigned(now - CertificateLife.BackDated, now + Life);
        TlsFolder.Create(folder);
        TlsFolder.Write(keyPath, key.ExportPkcs8PrivateKeyPem() + "\n");
        var pem = certificate.ExportCertificatePem() + "\n";
        TlsFolder.Write(certificatePath, pem);
        return new Authority(certificate, cluster, folder, pem);
    }

    /// <summary>Throws <see cref="TrustException"/> when the folder holds no usable authority.</summary>
    public static Authority Open(string folder)
    {
        var (certificatePath, keyPath) = (Path.Combine(folder, CertificateFile), Path.Combine(folder, KeyFile));
        try
        {
            var certificate = TlsFolder.Read(certificatePath, keyPath);
            var uris = AlternativeNames.Of(certificate).Uris;
            if (uris.Count == 1 && PeerIdentity.TryParseAuthority(uris[0], out var cluster))
                return new Authority(certificate, cluster, folder, File.ReadAllText(certificatePath));
            certificate.Dispose();
            throw new TrustException($"{certificatePath} is not an authority of tangram's: it names no cluster. Make " +
                                     "one with 'tangram ca init'");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new TrustException($"the authority in {folder} cannot be used: {e.Message.TrimEnd('.')}. Make one " +
                                     "with 'tangram ca init', or name its folder with --ca", e);
        }
    }

    /// <summary>Writes a certificate with a new key to a folder: a new one, or the one whose certificate of the same
    /// identity is renewed. Throws <see cref="TrustException"/>.</summary>
    /// <param name="hosts">IP addresses and host names at which others meet it, besides this machine's own.</param>
    public TlsFolder Issue(
        PeerIdentity identity, IEnumerable<string> hosts, string folder, TimeSpan life, DateTimeOffset now)
    {
        var to = new TlsFolder(folder);
        RefuseOther(to, identity);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Signed($"CN={identity.Name}, O={identity.Cluster}", key, NamesOf(identity, hosts),
            [PeerCheck.ServerUse, PeerCheck.ClientUse], life, now);
        TlsFolder.Create(folder);
        // The certificate last: who looks in between sees a key that does not fit, and looks again.
        TlsFolder.Write(to.CaFile, _authorities);
        TlsFolder.Write(to.KeyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
        TlsFolder.Write(to.CertificateFile, certificate.ExportCertificatePem() + "\n");
        return to;
    }

    /// <summary>Writes a certificate with a new key by which a gateway shows itself to clients. It is nobody in the
    /// cluster. Throws <see cref="TrustException"/>.</summary>
    /// <param name="names">Host names and addresses.</param>
    public void IssueToGateway(CertificateSpec files, IEnumerable<string> names, TimeSpan life, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Signed($"CN=gateway, O={Cluster}", key, Split([], names), [PeerCheck.ServerUse], life,
            now);
        TlsFolder.Write(files.Key, key.ExportPkcs8PrivateKeyPem() + "\n");
        TlsFolder.Write(files.Cert, certificate.ExportCertificatePem() + "\n");
    }

    public bool Vouches(X509Certificate2 certificate) =>
        PeerCheck.Untrusted(certificate, [_certificate], PeerCheck.ServerUse) is null;

    public void Dispose() => _certificate.Dispose();

    private X509Certificate2 Signed(string subject, ECDsa key, AlternativeNames names, string[] uses, TimeSpan life,
        DateTimeOffset now)
    {
        var mine = LifeOf(_certificate);
        if (mine.Refusal(now) is { } refusal)
            throw new TrustException($"the authority in {_folder} cannot issue anything: {refusal}");
        var request = Request(subject, key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [.. uses.Select(use => new Oid(use))], critical: false));
        request.CertificateExtensions.Add(names.Extension());
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        return request.Create(_certificate, Later(now - CertificateLife.BackDated, mine.From),
            Earlier(now + life, mine.Until), Serial());
    }

    internal static CertificateLife LifeOf(X509Certificate2 certificate) =>
        new(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());

    private static void RefuseOther(TlsFolder folder, PeerIdentity identity)
    {
        if (!File.Exists(folder.CertificateFile)) return;
        PeerIdentity? there = null;
        try
        {
            using var old = X509CertificateLoader.LoadCertificateFromFile(folder.CertificateFile);
            there = PeerCheck.IdentityOf(old);
        }
        catch (CryptographicException)
        {
            // Not a certificate, so not this identity's either.
        }
        if (there != identity)
            throw new TrustException($"{folder.CertificateFile} is not overwritten: it is of " +
                $"{there?.ToString() ?? "something else"}, not of {identity}. Give another folder with --out");
    }

    private static AlternativeNames NamesOf(PeerIdentity identity, IEnumerable<string> hosts)
    {
        var all = hosts.Concat(["localhost", "127.0.0.1"]).Distinct(StringComparer.OrdinalIgnoreCase);
        return Split([identity.ToString()], [.. all, PeerIdentity.HostOf(identity.Role)]);
    }

    private static AlternativeNames Split(IReadOnlyList<string> uris, IEnumerable<string> names)
    {
        var all = names.ToLookup(name => IPAddress.TryParse(name, out _));
        return new AlternativeNames(uris, [.. all[false]], [.. all[true].Select(IPAddress.Parse)]);
    }

    private static CertificateRequest Request(string subject, ECDsa key)
    {
        var request = new CertificateRequest(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    // 126 random bits: positive, and of one length.
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x3F | 0x40);
        return serial;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
