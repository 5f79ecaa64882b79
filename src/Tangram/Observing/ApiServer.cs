using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Planning;

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
        new ApiRoutes(port).Map(app);
        File.Delete(socket);
        await app.StartAsync(cancellation);
        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new ApiServer(app, socket);
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try { await _app.StopAsync(patience.Token); }
        catch (OperationCanceledException) { /* A follower that does not let go is cut. */ }
        await _app.DisposeAsync();
        File.Delete(_socket);
    }
}

/// <summary>What each path answers. Paths and shapes are the contract with other programs.</summary>
internal sealed class ApiRoutes(ClusterPort port)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly CommandRunner _commands = new(port);

    public void Map(WebApplication app)
    {
        Get(app, "/v1/status", http => Write(http, 200, Look.Status(port.State(), port.Cluster)));
        Get(app, "/v1/ps", http => Write(http, 200, Look.Replicas(port.State())));
        Get(app, "/v1/events", EventsAsync);
        Get(app, "/v1/why", http => WriteWhy(http, port.Cluster, Why.Cluster(port.State(), port.Cluster)));
        Get(app, "/v1/why/{subject}", WhyAsync);
        Get(app, "/v1/history", http => Write(http, 200, History.Of(port.State())));
        Get(app, "/v1/diff/{before}/{after}", http => DiffAsync(http, file: null));
        Post(app, "/v1/diff", DiffFileAsync);
        Post(app, "/v1/plan", PlanAsync);
        Post(app, "/v1/deploy", DeployAsync);
        Post(app, "/v1/rollback", http => RunAsync(http, Commands.Rollback));
        Post(app, "/v1/scale", ScaleAsync);
        Post(app, "/v1/drain/{node}", http => NodeAsync(http, Commands.Drain));
        Post(app, "/v1/undrain/{node}", http => NodeAsync(http, Commands.Undrain));
        Post(app, "/v1/kill/{subject}", KillAsync);
        Post(app, "/v1/revive/{node}", http =>
            Act(http, port.Revive(Named(http, "node")), $"revive {Named(http, "node")}"));
        Post(app, "/v1/down", http => EndAsync(http, "down", port.Down));
        Post(app, "/v1/leave", http => EndAsync(http, "leave", port.Leave));
        app.MapFallback((RequestDelegate)(http => Refuse(http, 404,
            new ErrorView($"there is no {http.Request.Method} {http.Request.Path} in version 1 of the API. " +
                          "Is the daemon older than this command?", ErrorView.Arguments))));
    }

    private async Task EventsAsync(HttpContext http)
    {
        _ = long.TryParse(http.Request.Query["after"], out var after);
        _ = double.TryParse(http.Request.Query["wait"], System.Globalization.CultureInfo.InvariantCulture,
            out var seconds);
        var wait = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LongestWait.TotalSeconds));
        // A number from before the log was lost would wait for ever.
        var known = Math.Min(after, port.Events.Last);
        await Write(http, 200, await port.Events.AfterAsync(known, wait, http.RequestAborted));
    }

    private async Task WhyAsync(HttpContext http)
    {
        var (subject, state) = (Named(http, "subject"), port.State());
        if (Why.Explain(state, subject, port.Refusals(subject)) is not { } sentences)
        {
            await Refuse(http, 404, new ErrorView($"nothing is named '{subject}'. There are: " +
                string.Join(", ", Why.Subjects(state)), ErrorView.Arguments));
            return;
        }
        await WriteWhy(http, subject, sentences);
    }

    private Task WriteWhy(HttpContext http, string subject, EquatableArray<string> sentences)
    {
        var events = port.Events.After(0).Where(e => e.Subject == subject).TakeLast(10).ToEquatableArray();
        return Write(http, 200, new WhyView(subject, sentences, events));
    }

    private async Task PlanAsync(HttpContext http)
    {
        if (await HashedAsync(http) is not { } spec) return;
        var json = http.Request.Query["json"] == "true";
        http.Response.ContentType = json ? "application/json; charset=utf-8" : "text/plain; charset=utf-8";
        await http.Response.WriteAsync(PlanPreview.Of(port.State(), spec, json));
    }

    private async Task<ClusterSpec?> HashedAsync(HttpContext http)
    {
        if (await BodyAsync<ClusterSpec>(http, Json.Read<ClusterSpec>) is not { } spec) return null;
        var (hashed, error) = port.Hash(spec);
        if (hashed is null)
            await Refuse(http, 400, new ErrorView(error ?? "the files cannot be read", ErrorView.Arguments));
        return hashed;
    }

    /// <summary>From the revision in force to a file.</summary>
    private async Task DiffFileAsync(HttpContext http)
    {
        if (await HashedAsync(http) is { } spec) await DiffAsync(http, spec);
    }

    private async Task DiffAsync(HttpContext http, ClusterSpec? file)
    {
        var state = port.State();
        var (from, to) = file is null
            ? (Numbered(state, Named(http, "before")), Numbered(state, Named(http, "after")))
            : (state.EffectiveSpec, file);
        if (file is null && (from is null || to is null))
            await Refuse(http, 404, new ErrorView("there are no such two revisions. There are: " +
                string.Join(", ", state.Revisions.Keys), ErrorView.Arguments));
        else
            await Write(http, 200, SpecDiff.Of(from, to).ToArray());
    }

    /// <summary>Also "now", the one in force.</summary>
    private static ClusterSpec? Numbered(ClusterState state, string number) =>
        number == "now" ? state.EffectiveSpec
        : int.TryParse(number, System.Globalization.CultureInfo.InvariantCulture, out var known) ? state.Spec(known)
        : null;

    private async Task DeployAsync(HttpContext http)
    {
        if (await BodyAsync<ClusterSpec>(http, Json.Read<ClusterSpec>) is not { } spec) return;
        var (prepared, error) = await port.Prepare(spec, http.RequestAborted);
        if (prepared is null)
        {
            await Refuse(http, 400, new ErrorView(error ?? "the files cannot be copied", ErrorView.Arguments));
            return;
        }
        var supersede = http.Request.Query["supersede"] == "true";
        await RunAsync(http, (state, stamp) => Commands.Deploy(state, stamp, prepared, supersede));
    }

    private async Task ScaleAsync(HttpContext http)
    {
        if (await BodyAsync(http, ViewJson.Read<Scale[]>) is not { } wanted) return;
        await RunAsync(http, (state, stamp) => Commands.Scale(state, stamp, [.. wanted]));
    }

    private async Task NodeAsync(HttpContext http, Func<ClusterState, CommandStamp, NodeName, Decision> command)
    {
        var name = Named(http, "node");
        if (!Names.IsValid(name))
            await Refuse(http, 400, new ErrorView($"'{name}' is not a node's name", ErrorView.Arguments));
        else
            await RunAsync(http, (state, stamp) => command(state, stamp, NodeName.Of(name)));
    }

    private Task KillAsync(HttpContext http)
    {
        TimeSpan? time = null;
        if (http.Request.Query["for"].ToString() is { Length: > 0 } text)
        {
            if (!Duration.TryParse(text, out var read))
                return Refuse(http, 400,
                    new ErrorView($"'{text}' is not a duration. Write 30s or 1m30s", ErrorView.Arguments));
            time = read;
        }
        var subject = Named(http, "subject");
        return Act(http, port.Kill(subject, time), $"kill {subject}" +
            (time is null ? "" : $" for {Duration.Words(time.Value)}"));
    }

    private async Task EndAsync(HttpContext http, string what, Action end)
    {
        await Act(http, null, what);
        await http.Response.CompleteAsync();
        end();
    }

    private Task Act(HttpContext http, string? refusal, string what)
    {
        if (refusal is not null) return Refuse(http, 409, new ErrorView(refusal, ErrorView.Conflict));
        port.Events.Add(port.Cluster, what);
        return Write(http, 200, new DoneView(port.State().Asked?.Value.Revision ?? 0, true, what));
    }

    private async Task RunAsync(HttpContext http, Func<ClusterState, CommandStamp, Decision> command)
    {
        var (done, error) = await _commands.RunAsync(command, http.RequestAborted);
        if (done is not null) await Write(http, 200, done);
        else await Refuse(http, error!.Kind switch
        {
            ErrorView.Arguments => 400,
            ErrorView.Conflict => 409,
            ErrorView.Unavailable => 503,
            _ => 504,
        }, error);
    }

    private static async Task<T?> BodyAsync<T>(HttpContext http, Func<string, T> read) where T : class
    {
        try
        {
            using var body = new StreamReader(http.Request.Body);
            return read(await body.ReadToEndAsync(http.RequestAborted));
        }
        catch (JsonException e)
        {
            await Refuse(http, 400, new ErrorView($"the body is not what {http.Request.Path} takes: {e.Message}",
                ErrorView.Arguments));
            return null;
        }
    }

    private static string Named(HttpContext http, string name) => http.Request.RouteValues[name]?.ToString() ?? "";

    private static void Get(WebApplication app, string path, RequestDelegate answer) =>
        app.MapMethods(path, ["GET"], answer);
    private static void Post(WebApplication app, string path, RequestDelegate answer) =>
        app.MapMethods(path, ["POST"], answer);

    private static Task Refuse(HttpContext http, int status, ErrorView error) => Write(http, status, error);

    private static Task Write<T>(HttpContext http, int status, T view)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync(ViewJson.Write(view));
    }
}
