using System.Globalization;
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
    /// <summary>What `/pieces?bytes=N` sends the beginning of, a few thousand at a time.</summary>
    public static readonly byte[] Pieces = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))];

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
        if (request.Path == "/pieces")
        {
            await SendPiecesAsync(context, int.Parse(request.Query["bytes"]!, CultureInfo.InvariantCulture));
            return;
        }
        if (request.Path == "/stream")
        {
            context.Response.ContentType = request.Query["type"];
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
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

    private static async Task SendPiecesAsync(HttpContext context, int bytes)
    {
        for (var sent = 0; sent < bytes;)
        {
            var piece = Pieces.AsMemory(sent, Math.Min(9_999, bytes - sent));
            await context.Response.Body.WriteAsync(piece);
            await context.Response.Body.FlushAsync();
            sent += piece.Length;
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
