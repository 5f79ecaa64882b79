using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.ClusterTests.Routing.Tls;

/// <summary>An authority and certificates from it, in a folder that goes with the test.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-tls-").FullName;
    private readonly Authority _authority;

    public TestCertificates() => _authority = Authority.Make("test", At("ca"), Now.AddDays(-60));

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();
    public string CaFile => Path.Combine(At("ca"), "ca.crt");

    public string At(string name) => Path.Combine(_folder, name);

    /// <summary>Replaces what is there, the key first, each in one step.</summary>
    public CertificateSpec Issue(string file, IEnumerable<string> names, int days = 90, DateTimeOffset? now = null)
    {
        var files = new CertificateSpec(At($"{file}.crt"), At($"{file}.key"));
        _authority.IssueToGateway(files, names, TimeSpan.FromDays(days), now ?? Now);
        return files;
    }

    /// <summary>One that a client may show.</summary>
    public X509Certificate2 Client(string name)
    {
        var folder = _authority.Issue(
            new PeerIdentity("test", PeerRole.Agent, NodeName.Of(name)), [], At(name), TimeSpan.FromDays(1), Now);
        return X509Certificate2.CreateFromPemFile(folder.CertificateFile, folder.KeyFile);
    }

    /// <summary>A client that trusts the authority, and finds every host on this machine.</summary>
    /// <param name="seen">Is told the certificate that the server shows.</param>
    public HttpClient Trusting(X509Certificate2? own = null, Action<X509Certificate2>? seen = null)
    {
        var policy = PeerCheck.Policy(new X509Certificate2Collection(
            X509CertificateLoader.LoadCertificateFromFile(CaFile)));
        var ssl = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, shown, _, errors) =>
            {
                seen?.Invoke((X509Certificate2)shown!);
                return errors == SslPolicyErrors.None;
            },
        };
        if (own is not null) ssl.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        return new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false, AllowAutoRedirect = false, SslOptions = ssl,
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new System.Net.Sockets.Socket(
                    System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                await socket.ConnectAsync(
                    System.Net.IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
