using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tangram.Coordinating.Etcd;

/// <summary>PEM files for TLS with etcd. They are read at every new connection, so a renewed certificate needs no
/// restart.</summary>
/// <param name="CaFile">The authorities that may vouch for etcd; the machine's own when null.</param>
/// <param name="CertificateFile">This process's certificate, followed by any intermediate ones; null for none.</param>
/// <param name="KeyFile">The key of <paramref name="CertificateFile"/>.</param>
internal sealed record EtcdTls(string? CaFile, string? CertificateFile = null, string? KeyFile = null)
{
    /// <summary>Throws <see cref="StoreConnectionException"/> when a file cannot be used.</summary>
    public SslClientAuthenticationOptions Read()
    {
        var options = new SslClientAuthenticationOptions();
        if (CaFile is not null)
            options.CertificateChainPolicy = Using(CaFile, "the authority of etcd", () =>
            {
                var policy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                };
                policy.CustomTrustStore.ImportFromPemFile(CaFile);
                if (policy.CustomTrustStore.Count == 0) throw new CryptographicException("it holds no certificate");
                return policy;
            });
        if (CertificateFile is not null)
            options.ClientCertificateContext = Using(CertificateFile, "the certificate for etcd", () =>
            {
                var own = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
                var chain = new X509Certificate2Collection();
                chain.ImportFromPemFile(CertificateFile);
                return SslStreamCertificateContext.Create(own, chain, offline: true);
            });
        return options;
    }

    private T Using<T>(string file, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            var key = KeyFile is null || file == CaFile ? "" : $" with key '{KeyFile}'";
            throw new StoreConnectionException($"{what}, '{file}'{key}, cannot be used: {e.Message.TrimEnd('.')}. " +
                                               "It must be a readable PEM file.", e);
        }
    }
}
