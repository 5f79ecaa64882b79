using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tangram.ClusterTests.Coordinating;

namespace Tangram.ClusterTests.Proving;

/// <summary>A Kestrel with TLS, HTTP/2 and an echo of messages.</summary>
internal sealed class ProtocolServer : IAsyncDisposable
{
    private readonly TestAuthority _authority = new("load");
    private readonly WebApplication _app;
    private int _messages;

    private ProtocolServer()
    {
        var files = _authority.Issue("server");
        using var read = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        var certificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(ServeAsync);
    }

    /// <summary>Every request's protocol, and how many came by it.</summary>
    public ConcurrentDictionary<string, int> Protocols { get; } = [];

    /// <summary>Handshakes that were answered.</summary>
    public ConcurrentBag<string> Sockets { get; } = [];
    public string CaFile => _authority.CaFile;
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>What is done with the message of this number, from 1; null: it is echoed.</summary>
    public Func<int, WebSocket, Task>? OnMessage { get; set; }

    public static async Task<ProtocolServer> StartAsync()
    {
        var server = new ProtocolServer();
        await server._app.StartAsync();
        return server;
    }

    /// <param name="listener">0: TLS; 1: clear text; 2: HTTP/2 in clear text.</param>
    public Uri Url(int listener, string scheme = "http") =>
        new UriBuilder(_app.Urls.ElementAt(listener)) { Scheme = scheme }.Uri;

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _authority.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            Protocols.AddOrUpdate(context.Request.Protocol, 1, (_, count) => count + 1);
            await context.Response.WriteAsync("hello");
            return;
        }
        if (context.Request.Headers.ContainsKey("X-Nobody"))
        {
            context.Response.StatusCode = 403;
            return;
        }
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        Sockets.Add(context.Request.Headers["X-Name"].ToString());
        var room = new byte[16 * 1024];
        while (true)
        {
            var got = await socket.ReceiveAsync(room.AsMemory(), context.RequestAborted);
            if (got.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }
            if (OnMessage is { } on) await on(Interlocked.Increment(ref _messages), socket);
            else Interlocked.Increment(ref _messages);
            if (socket.State != WebSocketState.Open) return;
            await socket.SendAsync(room.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage,
                context.RequestAborted);
        }
    }
}
