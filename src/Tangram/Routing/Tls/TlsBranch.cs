using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tangram.Coordinating.Trust;
using Tangram.Routing.Records;

namespace Tangram.Routing.Tls;

/// <summary>Who a client has proved to be, for <see cref="ClientIdentity.Header"/>; on its connection.</summary>
internal sealed record ProvenClient(string Words);

/// <summary>The pipeline of connections that come to an https address: handshake, then the protocol that both have
/// agreed on (ALPN). An endpoint of Kestrel's at which nothing arrives by itself, as in
/// <see cref="Http2Branch"/>.</summary>
internal sealed class TlsBranch(
    TlsFront front, GatewayOptions options, Departure departure, TimeProvider time, GatewayFigures figures)
{
    public static readonly IPEndPoint Silent = new(IPAddress.Loopback, 3);
    private readonly SemaphoreSlim _handshakes = new(options.MostHandshakes);
    private ConnectionDelegate? _pipeline;

    public void Listen(KestrelServerOptions kestrel) => kestrel.Listen(Silent, listen =>
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(next => _pipeline = next);
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = options.HandshakeTime,
            OnConnection = context => ChallengeReader.Asked(context.Connection) is { Options: { } answer }
                ? ValueTask.FromResult(answer)
                : front.OptionsFor(context.ClientHelloInfo.ServerName) is { } shown
                ? ValueTask.FromResult(shown)
                : throw new System.Security.Authentication.AuthenticationException("there is no certificate to show"),
        });
        listen.Use(next => connection => AfterHandshakeAsync(connection, next));
    });

    public async Task RunAsync(ConnectionContext connection)
    {
        using var patience = new CancellationTokenSource(options.HandshakeTime, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, connection.ConnectionClosed);
        try
        {
            await _handshakes.WaitAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        var turn = new Turn(_handshakes);
        connection.Features.Set(turn);
        try
        {
            if (front.Challenge is { Options: not null } challenge)
                await ChallengeReader.LookAsync(connection, challenge, end.Token).ConfigureAwait(false);
            await _pipeline!(connection).ConfigureAwait(false);
        }
        finally
        {
            if (turn.End()) figures.FailedHandshakes.Add();
        }
    }

    private async Task AfterHandshakeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Get<Turn>()!.End();
        figures.Handshakes.Add();
        // The handshake was the answer.
        if (ChallengeReader.Asked(connection) is not null) return;
        if (connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } shown)
            connection.Features.Set(Prove(shown));
        var isHttp2 = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span
            .SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span) == true;
        using var leaving = Http2Branch.LeaveWith(departure, connection, isHttp2);
        await next(connection).ConfigureAwait(false);
    }

    public static ProvenClient Prove(X509Certificate2 shown)
    {
        var names = AlternativeNames.Of(shown);
        return new ProvenClient(ClientIdentity.Of(
            shown.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256), shown.Subject, names.Uris,
            names.HostNames));
    }

    /// <summary>One of the handshakes that may go on at once.</summary>
    private sealed class Turn(SemaphoreSlim handshakes)
    {
        private int _ended;

        /// <summary>True the first time.</summary>
        public bool End()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0) return false;
            handshakes.Release();
            return true;
        }
    }
}
