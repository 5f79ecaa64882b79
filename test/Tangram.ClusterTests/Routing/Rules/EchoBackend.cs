using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tangram.ClusterTests.Routing.Rules;

/// <summary>A server that says who it is and what it was asked, in lines, and keeps what it was asked. It can be made
/// to wait.</summary>
internal sealed class EchoBackend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _name;
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private EchoBackend(WebApplication app, string name) => (_app, _name) = (app, name);

    public int Port => new Uri(_app.Urls.First()).Port;
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>It answers nothing until <see cref="Release"/>.</summary>
    public bool Waits { get; set; }

    public void Release() => _release.TrySetResult();

    public static async Task<EchoBackend> StartAsync(string name)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.AddServerHeader = true;
            k.Listen(IPAddress.Loopback, 0);
        });
        var app = builder.Build();
        var backend = new EchoBackend(app, name);
        app.UseWebSockets();
        app.Run(backend.ServeAsync);
        await app.StartAsync();
        return backend;
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var name = System.Text.Encoding.ASCII.GetBytes(_name);
            await socket.SendAsync(name, WebSocketMessageType.Text, true, context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            return;
        }
        var request = context.Request;
        using var body = new StreamReader(request.Body);
        var text = string.Join('\n',
        [
            _name, $"{request.Method} {request.Path}{request.QueryString}",
            .. request.Headers.Select(header => $"{header.Key}: {header.Value}"), await body.ReadToEndAsync(),
        ]);
        Asked.Enqueue(text);
        if (Waits) await _release.Task.WaitAsync(context.RequestAborted);
        context.Response.Headers["X-Powered-By"] = "echo";
        await context.Response.WriteAsync(text);
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await _app.DisposeAsync();
    }
}
