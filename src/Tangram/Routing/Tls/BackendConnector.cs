using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>Connects to replicas by TLS, as the client that a handler asks for connections. Not the handler's own TLS:
/// that takes the name from the request's Host, which the gateway's client has chosen.</summary>
internal sealed class BackendConnector
{
    private readonly BackendTlsSpec _spec;
    private readonly TimeProvider _time;
    private readonly Announcer _announcer;
    private readonly Lock _gate = new();
    private readonly TlsSource<X509Certificate2Collection>? _authorities;
    private readonly TlsSource<SslStreamCertificateContext>? _own;
    private long? _looked;

    public BackendConnector(BackendTlsSpec spec, TimeProvider time, Action<string> say)
    {
        (_spec, _time, _announcer) = (spec, time, new Announcer(time, say));
        if (spec.Ca is { } ca)
            _authorities = new TlsSource<X509Certificate2Collection>(CertificateFiles.Of(ca),
                ClientAuthorities.Read, all => new Told([], ClientAuthorities.FirstToEnd(all)),
                time, say);
        if (spec.Client is { } own)
            _own = new TlsSource<SslStreamCertificateContext>(CertificateFiles.Of(own), files => ReadOwn(files.Asked),
                context => new Told([], Authority.LifeOf(context.TargetCertificate)), time, say);
    }

    /// <summary>Throws <see cref="IOException"/> or <see cref="AuthenticationException"/>: then nothing was sent of the
    /// request.</summary>
    public async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var isHttp2 = context.InitialRequestMessage.Version.Major >= 2;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation).ConfigureAwait(false);
            var where = $"{context.DnsEndPoint.Host}:{context.DnsEndPoint.Port}";
            return await SecureAsync(new NetworkStream(socket, ownsSocket: true), where, isHttp2, cancellation)
                .ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The handshake on a connection that is there. Throws as <see cref="ConnectAsync"/> does.</summary>
    /// <param name="where">For the events.</param>
    public async ValueTask<SslStream> SecureAsync(
        Stream plain, string where, bool isHttp2, CancellationToken cancellation)
    {
        var stream = new SslStream(plain);
        try
        {
            await stream.AuthenticateAsClientAsync(Options(isHttp2), cancellation).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (e is AuthenticationException)
                _announcer.Say($"no TLS with {_spec.Name} at {where}: {e.Message.TrimEnd('.')}");
            throw;
        }
    }

    private SslClientAuthenticationOptions Options(bool isHttp2)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = _spec.Name,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [isHttp2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11],
        };
        if (!_spec.Verify) options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        lock (_gate)
        {
            Look();
            if (_authorities?.Content is { } authorities && _spec.Verify)
            {
                options.CertificateChainPolicy = PeerCheck.Policy(authorities);
                options.CertificateChainPolicy.ApplicationPolicy.Add(new Oid(PeerCheck.ServerUse));
            }
            if (_own?.Content is { } own) options.ClientCertificateContext = own;
        }
        return options;
    }

    /// <summary>At the first connection, and at the next ones when they were not looked at for a while.</summary>
    private void Look()
    {
        if (_looked is null)
        {
            foreach (var trouble in (string?[])[_authorities?.ReadFirst(), _own?.ReadFirst()])
                if (trouble is not null)
                {
                    _announcer.Say(trouble);
                    throw new IOException(trouble);
                }
        }
        else if (_time.GetElapsedTime(_looked.Value) >= TlsFront.LookEvery)
        {
            _authorities?.Look();
            _own?.Look();
        }
        else return;
        _looked = _time.GetTimestamp();
    }

    /// <summary>Throws <see cref="TrustException"/>.</summary>
    public static SslStreamCertificateContext ReadOwn(CertificateSpec files)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(files.Cert);
            var own = TlsFolder.Read(files.Cert, files.Key);
            all.RemoveAt(0);
            return SslStreamCertificateContext.Create(own, all, offline: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException)
        {
            throw new TrustException($"{files.Cert} with the key {files.Key} cannot be shown to replicas: " +
                $"{e.Message.TrimEnd('.')}. Name a PEM certificate and its own key, both readable", e);
        }
    }
}
