using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Deploying;

namespace Tangram.Coordinating.Trust;

/// <summary>What a machine is given for its part in a cluster: whom it trusts, who it is, and the proof. PEM files,
/// which etcd and its tools take as they are.</summary>
internal sealed record TlsFolder(string Path)
{
    /// <summary>One or more authorities; two while one replaces the other.</summary>
    public string CaFile => System.IO.Path.Combine(Path, Authority.CertificateFile);
    public string CertificateFile => System.IO.Path.Combine(Path, "node.crt");
    public string KeyFile => System.IO.Path.Combine(Path, "node.key");

    /// <summary>Reads and checks all of it, but not whether it is valid now: a machine whose certificate has ended
    /// still has replicas to look after. Throws <see cref="TrustException"/>.</summary>
    public TlsContent Load()
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(CaFile);
            if (authorities.Count == 0) throw new CryptographicException($"{CaFile} holds no certificate");
            var own = Read(CertificateFile, KeyFile);
            var identity = PeerCheck.IdentityOf(own) ?? throw new CryptographicException(
                $"{CertificateFile} names nobody in a tangram cluster");
            if (PeerCheck.Untrusted(own, authorities) is { } reason)
                throw new CryptographicException($"{CertificateFile} does not fit {CaFile}: {reason}");
            return new TlsContent(identity, own, authorities);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new TrustException($"the TLS folder {Path} cannot be used: {e.Message.TrimEnd('.')}. Without it no " +
                "other machine can be trusted, nor trust this one. 'tangram ca issue' makes such a folder", e);
        }
    }

    /// <summary>Throws <see cref="CryptographicException"/> that names the file, and what reading one throws.</summary>
    internal static X509Certificate2 Read(string certificate, string key) =>
        Parsed(certificate, key, File.ReadAllText(certificate), File.ReadAllText(key));

    /// <summary>The same, of what the files hold.</summary>
    internal static X509Certificate2 Parsed(string certificate, string key, string chainText, string keyText)
    {
        try
        {
            return X509Certificate2.CreateFromPem(chainText, keyText);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException($"{key} is not the key of {certificate}", e);
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"{certificate} or {key} is not PEM as it should be: {e.Message}", e);
        }
    }

    /// <summary>Changes when any of the files does.</summary>
    public string Stamp() => string.Join(' ',
        from file in (string[])[CaFile, CertificateFile, KeyFile]
        let found = new FileInfo(file)
        select found.Exists ? $"{found.LastWriteTimeUtc.Ticks}:{found.Length}" : "none");

    /// <summary>Throws <see cref="TrustException"/>.</summary>
    internal static void Create(string folder) =>
        Try(folder, () => Directory.CreateDirectory(folder, StateFolder.OwnerOnly));

    /// <summary>Only its owner may read it. It replaces what was there in one step. Throws
    /// <see cref="TrustException"/>.</summary>
    internal static void Write(string path, string text) => Try(path, () => DurableFile.Write(path, text));

    private static void Try(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrustException($"{path} could not be written: {e.Message.TrimEnd('.')}. Give another folder " +
                                     "with --out, or make room", e);
        }
    }
}

/// <summary>What a <see cref="TlsFolder"/> held when it was read.</summary>
internal sealed record TlsContent(
    PeerIdentity Identity, X509Certificate2 Own, X509Certificate2Collection Authorities)
{
    public CertificateLife Life => Authority.LifeOf(Own);

    /// <summary>Made once, because the platform keeps what it prepares for TLS with it.</summary>
    public SslStreamCertificateContext Shown { get; } = SslStreamCertificateContext.Create(Own, null, offline: true);
}
