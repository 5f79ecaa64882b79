using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Tangram.Coordinating.Trust;

/// <summary>Both ends of a connection between machines: each shows its certificate, and takes only one of the same
/// cluster's authority, with a role that is admitted. The folder is looked at again at handshakes, so a renewed
/// certificate needs no restart; a broken one leaves the old in force and is announced.</summary>
internal sealed class MutualTls
{
    /// <summary>A handshake costs more than a look at three files; still, a storm of them need not look at every
    /// one.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly TlsFolder _folder;
    private readonly TimeProvider _time;
    private readonly Announcer _announcer;
    private TlsContent _content;
    private string _stamp;
    private string? _brokenStamp;
    private long _looked;

    private MutualTls(TlsFolder folder, TlsContent content, string stamp, TimeProvider time, Action<string> announce)
    {
        (_folder, _content, _stamp, _time) = (folder, content, stamp, time);
        _announcer = new Announcer(time, announce);
        _looked = time.GetTimestamp();
    }

    /// <summary>Throws <see cref="TrustException"/> when the folder cannot be used.</summary>
    /// <param name="announce">Takes sentences for the log: who was refused, and a renewal that failed. Called during
    /// handshakes, by several at a time: return at once.</param>
    public static MutualTls Open(string folder, TimeProvider time, Action<string> announce)
    {
        var at = new TlsFolder(Path.GetFullPath(folder));
        var stamp = at.Stamp();
        return new MutualTls(at, at.Load(), stamp, time, announce);
    }

    /// <summary>For a program that takes files, such as etcd and its client.</summary>
    public TlsFolder Folder => _folder;

    /// <summary>Who this process is. It stays: a folder that turns into another's is not taken up.</summary>
    public PeerIdentity Identity => _content.Identity;

    /// <summary>A sentence when the certificate has ended or will soon; null while all is well.</summary>
    public string? Warning => Current().Life.Warning(_time.GetUtcNow()) is { } warning
        ? $"the certificate of {Identity} in {_folder.Path} must be renewed: {warning}. 'tangram ca issue' with the " +
          "same names renews it; no restart is needed"
        : null;

    /// <summary>Who is at the other end of an admitted connection.</summary>
    public static PeerIdentity? IdentityOf(X509Certificate2? certificate) => PeerCheck.IdentityOf(certificate);

    /// <summary>Makes a listener of Kestrel's take TLS from these roles only. Every connection gets the certificate of
    /// its day.</summary>
    public void Secure(ListenOptions listener, params PeerRole[] admitted) =>
        listener.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = context => ValueTask.FromResult(ServerOptions(
                (context.Connection.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "somebody", admitted)),
        });

    /// <summary>For one connection that was accepted.</summary>
    /// <param name="from">Who connects, as the announcement of a refusal shall name it.</param>
    public SslServerAuthenticationOptions ServerOptions(string from, params PeerRole[] admitted)
    {
        var content = Current();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = content.Shown,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = PeerCheck.Policy(content.Authorities),
            // A resumed session would pass by the check.
            AllowTlsResume = false,
            AllowRenegotiation = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                var refusal = Refusal(certificate, content, admitted, PeerCheck.ClientUse);
                if (refusal is not null) _announcer.Say($"{from} was refused: {refusal}");
                return refusal is null;
            },
        };
    }

    /// <summary>For a <see cref="SocketsHttpHandler"/> or any other client, for its whole life. A server that is not
    /// trusted ends the handshake with an <see cref="AuthenticationException"/> that says why.</summary>
    public SslClientAuthenticationOptions ClientOptions(PeerRole expected = PeerRole.Server) =>
        ClientOptionsOfAny(expected);

    public SslClientAuthenticationOptions ClientOptionsOfAny(params PeerRole[] expected) => new()
    {
        LocalCertificateSelectionCallback = (_, _, _, _, _) => Current().Own,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateChainPolicy = PeerCheck.Policy(Current().Authorities),
        AllowTlsResume = false,
        AllowRenegotiation = false,
        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            Refusal(certificate, Current(), expected, PeerCheck.ServerUse) is not { } refusal
                ? true
                : throw new AuthenticationException($"the other end is not trusted: {refusal}"),
    };

    /// <summary>Why a call of a client of <see cref="ClientOptions"/> failed, as a sentence. A server that refuses ends
    /// the connection without a word, after the client's half of the handshake: then all that can be said is
    /// that.</summary>
    public string Explain(Exception failure)
    {
        var cause = failure;
        while (cause is not AuthenticationException && cause.InnerException is { } inner) cause = inner;
        var clear = cause is AuthenticationException ||
                    cause is SocketException { SocketErrorCode: not SocketError.ConnectionReset };
        return clear
            ? cause.Message
            : $"{failure.Message.TrimEnd('.')}. If the other end answers others, it may have refused {Identity}; " +
              "then its log says why";
    }

    private string? Refusal(X509Certificate? certificate, TlsContent own, PeerRole[] admitted, string use) =>
        PeerCheck.Refusal(certificate as X509Certificate2, own, admitted, use, _time.GetUtcNow());

    private TlsContent Current()
    {
        lock (_gate)
        {
            if (_time.GetElapsedTime(_looked) < LookEvery) return _content;
            _looked = _time.GetTimestamp();
            var stamp = _folder.Stamp();
            if (stamp != _stamp) Renew(stamp);
            return _content;
        }
    }

    private void Renew(string stamp)
    {
        try
        {
            var renewed = _folder.Load();
            if (renewed.Identity != Identity)
                throw new TrustException($"the TLS folder {_folder.Path} is now of {renewed.Identity}, and this " +
                                         $"process is {Identity}. Restart it to be another");
            (_content, _stamp) = (renewed, stamp);
        }
        catch (TrustException e)
        {
            // Files are replaced one by one: only what is found broken twice is.
            if (stamp != _brokenStamp)
            {
                _brokenStamp = stamp;
                return;
            }
            _stamp = stamp;
            _announcer.Say($"{e.Message}. The certificate that was read before stays in force");
        }
    }
}
