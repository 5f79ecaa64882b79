using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>Makes certificates for a test, in a folder that goes with it.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset
        From = TimeProvider.System.GetUtcNow().AddHours(-1), To = From.AddDays(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-certificates-").FullName;
    private readonly X509Certificate2 _ca;

    public TestAuthority(string name)
    {
        var request = Request($"authority {name}", ECDsa.Create(ECCurve.NamedCurves.nistP256));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _ca = request.CreateSelfSigned(From, To);
        File.WriteAllText(CaFile, _ca.ExportCertificatePem());
    }

    public string CaFile => Path.Combine(_folder, "ca.crt");

    /// <summary>A certificate for both ends of a connection on this machine and for the addresses given.</summary>
    public EtcdFiles Issue(string name, params string[] addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(name, key);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        foreach (var address in addresses.Append("127.0.0.1")) names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));   // server and client
        using var certificate = request.Create(_ca, From, To, RandomNumberGenerator.GetBytes(12));
        var files = new EtcdFiles(CaFile, Path.Combine(_folder, $"{name}.crt"), Path.Combine(_folder, $"{name}.key"));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        return files;
    }

    public void Dispose()
    {
        _ca.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static CertificateRequest Request(string name, ECDsa key) =>
        new($"CN={name}", key, HashAlgorithmName.SHA256);
}
