using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Deploying;

namespace Tangram.Coordinating.Trust;

/// <summary>What a machine is given for its part in a cluster: whom it trusts, who it is, and the proof. PEM files, which
/// etcd and its tools take as they are.</summary>
internal sealed record TlsFolder(string Path)
{
    /// <summary>One or more authorities; two while one replaces the other.</summary>
    public string CaFile => System.IO.Path.Combine(Path, Authority.CertificateFile);
    public string CertificateFile => System.IO.Path.Combine(Path, "node.crt");
    public string KeyFile => System.IO.Path.Combine(Path, "node.key");

    /// <summary>Reads and checks all of it, but not whether it is valid now: a machine whose certificate has ended still
    /// has replicas to look after. Throws <see cref="TrustException"/>.</summary>
    public TlsContent Load()
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(CaFile);
            if (authorities.Count == 0) throw new CryptographicException($"{CaFile} holds no certificate");
            var own = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
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

    /// <summary>Changes when any of the files does.</summary>
    public string Stamp() => string.Join(' ',
        from file in (string[])[CaFile, CertificateFile, KeyFile]
        let found = new FileInfo(file)
        select found.Exists ? $"{found.LastWriteTimeUtc.Ticks}:{found.Length}" : "none");

    internal static void Create(string folder) => Directory.CreateDirectory(folder, StateFolder.OwnerOnly);

    /// <summary>Only its owner may read it. It replaces what was there in one step.</summary>
    internal static void Write(string path, string text) =>
        DurableFile.Write(System.IO.Path.GetFullPath(path), text);
}

/// <summary>What a <see cref="TlsFolder"/> held when it was read.</summary>
internal sealed record TlsContent(
    PeerIdentity Identity, X509Certificate2 Own, X509Certificate2Collection Authorities)
{
    public CertificateLife Life => Authority.LifeOf(Own);
}
