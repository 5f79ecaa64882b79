using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;

namespace Tangram.Routing.Tls;

/// <summary>The authorities whose clients are admitted.</summary>
internal static class ClientAuthorities
{
    /// <summary>Throws <see cref="TrustException"/>, which names the file, the reason and the remedy.</summary>
    public static X509Certificate2Collection Read(CertificateFiles files)
    {
        try
        {
            return Of(files.Asked.Cert, File.ReadAllText(files.Cert));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(files.Asked.Cert, e);
        }
    }

    /// <summary>The same, of a text.</summary>
    /// <param name="name">What it is called in messages.</param>
    public static X509Certificate2Collection Of(string name, string text)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(text);
            if (all.Count == 0) throw new CryptographicException("it holds no PEM certificate");
            foreach (var one in all)
                if (one.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not
                    { CertificateAuthority: true })
                    throw new CryptographicException($"{one.Subject} in it is not an authority's");
            return all;
        }
        catch (CryptographicException e)
        {
            throw Unusable(name, e);
        }
    }

    private static TrustException Unusable(string name, Exception e) =>
        new($"{name} cannot say whose clients to admit: {e.Message.TrimEnd('.')}. Name a PEM file with the " +
            "certificates of one or more authorities", e);

    public static CertificateLife FirstToEnd(X509Certificate2Collection all) =>
        all.Select(Authority.LifeOf).MinBy(life => life.Until);

    /// <summary>These authorities only, for clients.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = PeerCheck.Policy(authorities);
        policy.ApplicationPolicy.Add(new Oid(PeerCheck.ClientUse));
        return policy;
    }
}
