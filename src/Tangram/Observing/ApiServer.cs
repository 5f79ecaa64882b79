using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tangram.Deploying;

namespace Tangram.Observing;

/// <summary>The HTTP API, version 1, on the cluster's unix socket. Whoever may open the socket may do everything: the
/// file mode is the access control.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    /// <summary>A spec of 1,000 services is below 2 MB.</summary>
    private const long LargestBody = 16 << 20;

    /// <summary>More than people and their tools on one machine need.</summary>
    private const int MostConnections = 1_024;

    private readonly WebApplication _app;
    private readonly string _socket;

    private ApiServer(WebApplication app, string socket) => (_app, _socket) = (app, socket);

    /// <summary>Listens at <paramref name="socket"/>. The caller holds the cluster's lock, so a socket that lies there
    /// is a dead daemon's. Throws <see cref="IOException"/> when it cannot.</summary>
    public static async Task<ApiServer> StartAsync(ClusterPort port, string socket,
        CancellationToken cancellation = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, OurLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = OpenFiles.Eighth(MostConnections);
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        Map(app, new ApiAnswers(port, app.Lifetime.ApplicationStopping));
        File.Delete(socket);
        await app.StartAsync(cancellation);
        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new ApiServer(app, socket);
    }

    /// <summary>The table of routes, and a sentence for whatever is not in it.</summary>
    internal static void Map(WebApplication app, ApiAnswers answers)
    {
        app.Use(answers.SayThatItIsOldAsync);
        foreach (var route in ApiRoute.All) app.MapMethods(route.Path, [route.Method], route.Answer(answers));
        app.MapFallback((RequestDelegate)(http => HttpAnswer.RefuseAsync(http, 404,
            new ErrorView($"there is no {http.Request.Method} {http.Request.Path} in version 1 of the API. " +
                          "Is the daemon older than this command?", ErrorView.Arguments))));
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try { await _app.StopAsync(patience.Token); }
        catch (OperationCanceledException) { /* A client that does not let go is cut. */ }
        await _app.DisposeAsync();
        File.Delete(_socket);
    }
}
