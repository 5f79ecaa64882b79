using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tangram.Proving;

/// <summary>Whom a load trusts to be the server.</summary>
internal static class LoadTrust
{
    /// <summary>Null when the file can be used, else a sentence.</summary>
    public static string? Problem(string file)
    {
        try
        {
            return Read(file).Count > 0 ? null : $"{file} holds no PEM certificate. Name one with --cacert";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"{file} cannot be read: {e.Message.TrimEnd('.')}. Name a PEM certificate with --cacert";
        }
    }

    public static SslClientAuthenticationOptions Of(LoadOptions options)
    {
        if (options is { CaFile: null, CaText: null }) return new SslClientAuthenticationOptions();
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
        };
        if (options.CaText is { } text) policy.CustomTrustStore.ImportFromPem(text);
        else policy.CustomTrustStore.AddRange(Read(options.CaFile!));
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }

    /// <summary>Its certificates, and nothing else that it may hold, such as a key.</summary>
    public static string Text(string file) =>
        string.Join('\n', Read(file).Select(one => one.ExportCertificatePem()));

    private static X509Certificate2Collection Read(string file)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(file);
        return all;
    }
}
