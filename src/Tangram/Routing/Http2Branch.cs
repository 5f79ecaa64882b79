using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tangram.Routing.Strict;
using Tangram.Routing.Tls;

namespace Tangram.Routing;

/// <summary>HTTP/1.1 and HTTP/2 on one port without TLS. Kestrel speaks only one of them on such an endpoint, so there
/// are two: connections arrive at the first, and those that begin with HTTP/2's preface ("PRI * HTTP/2.0", RFC 9113,
/// 3.4) go through the second's pipeline. No HTTP/1.1 method begins with "PRI ".</summary>
internal sealed class Http2Branch(
    GatewayOptions options, Departure departure, TimeProvider time, GatewayLimits limits, TlsBranch? secure = null)
{
    public static readonly IPEndPoint Silent = new(IPAddress.Loopback, 2);
    private static readonly IPEndPoint Arriving = new(IPAddress.Loopback, 1);
    private ConnectionDelegate? _http2;

    private static ReadOnlySpan<byte> Preface => "PRI "u8;

    public void Listen(KestrelServerOptions kestrel)
    {
        kestrel.Listen(Silent, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => _http2 = next);
        });
        kestrel.Listen(Arriving, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => CountAsync(connection, next));
        });
    }

    /// <summary>Those beyond the limit are closed, as by a server that is not there.</summary>
    private async Task CountAsync(ConnectionContext connection, ConnectionDelegate http1)
    {
        if (!limits.TryEnter()) return;
        try { await ChooseAsync(connection, http1).ConfigureAwait(false); }
        finally { limits.Leave(); }
    }

    private async Task ChooseAsync(ConnectionContext connection, ConnectionDelegate http1)
    {
        var from = connection.Features.Get<OpenListener>()?.Listener;
        if (from?.Proxied == true
            && !await ProxyReader.ReadAsync(connection, options, time).ConfigureAwait(false)) return;
        if (from?.Secure == true && secure is not null)
        {
            await secure.RunAsync(connection).ConfigureAwait(false);
            return;
        }
        var isHttp2 = await LookAsync(connection).ConfigureAwait(false);
        if (isHttp2 is null) return;
        using var leaving = LeaveWith(departure, connection, isHttp2.Value);
        await (isHttp2.Value ? _http2! : http1)(connection).ConfigureAwait(false);
    }

    /// <summary>Of HTTP/2 this is GOAWAY, which loses no request. HTTP/1.1 has no such word before its next
    /// response.</summary>
    public static CancellationTokenRegistration LeaveWith(
        Departure departure, ConnectionContext connection, bool isHttp2) =>
        isHttp2 && !departure.Begun.IsCancellationRequested
            ? departure.Begun.Register(() =>
                connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose())
            : default;

    /// <summary>Null: the client said nothing for too long, or the gateway stops.</summary>
    private async Task<bool?> LookAsync(ConnectionContext connection)
    {
        using var silence = new CancellationTokenSource(limits.KeepAlive, time);
        var lifetime = connection.Features.Get<IConnectionLifetimeNotificationFeature>();
        var stopping = lifetime?.ConnectionClosedRequested ?? CancellationToken.None;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, stopping);
        try
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync(end.Token).ConfigureAwait(false);
                var isHttp2 = IsHttp2(read.Buffer, read.IsCompleted);
                // What was looked at is looked at again by whoever speaks the protocol.
                var examined = isHttp2 is null ? read.Buffer.End : read.Buffer.Start;
                connection.Transport.Input.AdvanceTo(read.Buffer.Start, examined);
                if (isHttp2 is not null) return isHttp2;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Null: too little has arrived to tell.</summary>
    private static bool? IsHttp2(ReadOnlySequence<byte> begin, bool isAll)
    {
        Span<byte> first = stackalloc byte[Preface.Length];
        var length = (int)Math.Min(begin.Length, first.Length);
        begin.Slice(0, length).CopyTo(first);
        if (!Preface.StartsWith(first[..length])) return false;
        if (length == Preface.Length) return true;
        return isAll ? false : null;
    }
}
