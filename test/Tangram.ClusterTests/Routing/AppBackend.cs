using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Tangram.ClusterTests.Routing;

/// <summary>A well-behaved server: echoes what it was asked, and WebSocket messages.</summary>
internal sealed class AppBackend : IAsyncDisposable
{
    private readonly WebApplication _app;

    private AppBackend(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Urls.First()).Port;

    public static async Task<AppBackend> StartAsync(HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = protocols));
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(ServeAsync);
        await app.StartAsync();
        return new AppBackend(app);
    }

    private static async Task ServeAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            var gone = context.RequestAborted;
            while (await socket.ReceiveAsync(buffer, gone) is { CloseStatus: null } message)
                await socket.SendAsync(new(buffer, 0, message.Count), message.MessageType, message.EndOfMessage, gone);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, gone);
            return;
        }
        var request = context.Request;
        if (request.Path == "/echo")
        {
            using var whole = new MemoryStream();
            await request.Body.CopyToAsync(whole);
            await context.Response.Body.WriteAsync(whole.ToArray());
            return;
        }
        if (request.ContentType == "application/grpc")
        {
            context.Response.ContentType = "application/grpc";
            await request.Body.CopyToAsync(context.Response.Body);
            context.Response.AppendTrailer("grpc-status", "0");
            return;
        }
        await context.Response.WriteAsync(string.Join(' ', request.Protocol, request.Method, request.Host.Value,
            request.Path + request.QueryString, request.Headers["X-Forwarded-For"],
            request.Headers["X-Forwarded-Proto"],
            request.Headers["X-Forwarded-Host"], request.Headers.TraceParent));
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
