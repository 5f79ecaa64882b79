using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>A certificate with its key and those that vouch for it, as it was read.</summary>
/// <param name="Names">Host names, with wildcards, and addresses that it is for.</param>
/// <param name="Shown">Made once, because the platform keeps what it prepares for TLS with it, also what lets clients
/// resume a session: those of a certificate that was replaced shake hands anew.</param>
internal sealed record ServedCertificate(
    EquatableArray<string> Names, CertificateLife Life, SslStreamCertificateContext Shown)
{
    /// <summary>OpenSSL's own limit at its usual level of security; it would fail at each handshake.</summary>
    private const int LeastRsaBits = 2048;

    /// <summary>Reads and checks all but whether it is valid now. Throws <see cref="TrustException"/>, which names the
    /// file, the reason and the remedy.</summary>
    public static ServedCertificate Read(CertificateFiles files)
    {
        try
        {
            return Of(files.Asked, File.ReadAllText(files.Cert), File.ReadAllText(files.Key));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(files.Asked, e);
        }
    }

    /// <summary>The same, of what the files hold.</summary>
    /// <param name="asked">What they are called in messages.</param>
    public static ServedCertificate Of(CertificateSpec asked, string chain, string key)
    {
        try
        {
            if (key.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal))
                throw new TrustException($"{asked.Key} has a passphrase, which nobody is there to type. Write the " +
                    $"key without it: openssl pkey -in {asked.Key} -out NEW.key");
            var all = new X509Certificate2Collection();
            all.ImportFromPem(chain);
            if (all.Count == 0) throw new CryptographicException($"{asked.Cert} holds no PEM certificate");
            return Of(TlsFolder.Parsed(asked.Cert, asked.Key, chain, key), all, asked.Cert);
        }
        catch (CryptographicException e)
        {
            throw Unusable(asked, e);
        }
    }

    private static TrustException Unusable(CertificateSpec asked, Exception e) =>
        new($"{asked.Cert} with the key {asked.Key} cannot be used: {e.Message.TrimEnd('.')}. Name a PEM " +
            "certificate and its own key, both readable", e);

    /// <summary>The same, of texts. Throws <see cref="TrustException"/>.</summary>
    /// <param name="name">What it is called in messages.</param>
    public static ServedCertificate Of(string chain, string key, string name)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(chain);
            if (all.Count == 0) throw new CryptographicException("it holds no PEM certificate");
            return Of(X509Certificate2.CreateFromPem(chain, key), all, name);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TrustException($"{name} cannot be used: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static ServedCertificate Of(X509Certificate2 own, X509Certificate2Collection all, string name)
    {
        if (Unfit(own) is { } reason) throw new TrustException($"{name} cannot be shown to clients: {reason}");
        all.RemoveAt(0);
        return new ServedCertificate(NamesOf(own), Authority.LifeOf(own),
            SslStreamCertificateContext.Create(own, all, offline: true));
    }

    /// <summary>As the end of a sentence about it, with the remedy.</summary>
    private static string? Unfit(X509Certificate2 own)
    {
        using var rsa = own.GetRSAPublicKey();
        if (rsa is { KeySize: < LeastRsaBits })
            return $"its RSA key has {rsa.KeySize} bits, and clients want {LeastRsaBits}. Have one issued for a " +
                   "longer key";
        var uses = own.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault()?.EnhancedKeyUsages;
        // anyExtendedKeyUsage of RFC 5280, 4.2.1.12
        return uses is null || uses.OfType<Oid>().Any(use => use.Value is PeerCheck.ServerUse or "2.5.29.37.0") ? null
            : "it was issued for something else than servers. Have one issued for serverAuth";
    }

    private static EquatableArray<string> NamesOf(X509Certificate2 own)
    {
        var names = AlternativeNames.Of(own);
        var all = names.HostNames.Concat(names.Addresses.Select(address => address.ToString())).ToEquatableArray();
        return all.Count > 0 ? all : [own.GetNameInfo(X509NameType.SimpleName, forIssuer: false)];
    }
}
