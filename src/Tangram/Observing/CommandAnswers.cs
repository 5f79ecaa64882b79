using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving;
using static Tangram.Observing.HttpAnswer;

namespace Tangram.Observing;

/// <summary>What takes a file, and what changes what is asked for or breaks something on purpose.</summary>
internal sealed class CommandAnswers(ClusterPort port)
{
    private readonly CommandRunner _commands = new(port);

    public async Task PlanAsync(HttpContext http)
    {
        if (await HashedAsync(http) is not { } spec) return;
        var (json, resources) = (http.Request.Query["json"] == "true", http.Request.Query["resources"] == "true");
        http.Response.ContentType = (json ? JsonType : TextType) + "; charset=utf-8";
        await http.Response.WriteAsync(resources
            ? ResourcePlan.Of(port.State(), spec, json)
            : PlanPreview.Of(port.State(), spec, json));
    }

    /// <summary>From the revision in force to a file.</summary>
    public async Task DiffAsync(HttpContext http)
    {
        if (await HashedAsync(http) is { } spec)
            await WriteAsync(http, SpecDiff.Of(port.State().EffectiveSpec, spec).ToArray());
    }

    public async Task DeployAsync(HttpContext http)
    {
        if (await BodyAsync<ClusterSpec>(http, Json.Read<ClusterSpec>) is not { } spec) return;
        var (prepared, error) = await port.Prepare(spec, http.RequestAborted);
        if (prepared is null)
        {
            await RefuseAsync(http, 400,
                new ErrorView(error ?? "the files cannot be copied", ErrorView.Arguments));
            return;
        }
        var supersede = http.Request.Query["supersede"] == "true";
        await RunAsync(http, (state, stamp) => Commands.Deploy(state, stamp, prepared, supersede));
    }

    public Task RollbackAsync(HttpContext http) => RunAsync(http, Commands.Rollback);

    public async Task ScaleAsync(HttpContext http)
    {
        if (await BodyAsync(http, ViewJson.Read<Scale[]>) is not { } wanted) return;
        await RunAsync(http, (state, stamp) => Commands.Scale(state, stamp, [.. wanted]));
    }

    public Task DrainAsync(HttpContext http) => NodeAsync(http, Commands.Drain);

    public Task UndrainAsync(HttpContext http) => NodeAsync(http, Commands.Undrain);

    public async Task BackendAsync(HttpContext http)
    {
        var (name, query) = (Named(http, "replica"), http.Request.Query);
        var (mode, weight) = ((BackendMode?)null, 1.0);
        if (query["weight"].ToString() is { Length: > 0 } text)
        {
            if (double.TryParse(text, CultureInfo.InvariantCulture, out var percent))
                (mode, weight) = (BackendMode.Normal, percent / 100);
        }
        else
        {
            mode = query["mode"].ToString() switch
            {
                "normal" => BackendMode.Normal,
                "drain" => BackendMode.Drain,
                "maintenance" => BackendMode.Maintenance,
                _ => null,
            };
        }
        if (!Names.IsValid(name))
            await RefuseAsync(http, 400, new ErrorView($"'{name}' is not a replica's name", ErrorView.Arguments));
        else if (mode is null)
            await RefuseAsync(http, 400, new ErrorView("give mode=normal, drain or maintenance, or weight=PERCENT",
                ErrorView.Arguments));
        else
            await RunAsync(http, (state, stamp) => BackendCommands.Set(
                state, stamp, new BackendAsked(ReplicaName.Of(name), mode.Value, weight)));
    }

    public async Task CapacityAsync(HttpContext http)
    {
        if (await BodyAsync(http, Json.Read<MeasuredCapacity>) is not { } measured) return;
        var name = Named(http, "service");
        if (!Names.IsValid(name))
            await RefuseAsync(http, 400, new ErrorView($"'{name}' is not a service's name", ErrorView.Arguments));
        else
            await RunAsync(http, (state, stamp) =>
                CapacityCommands.Keep(state, stamp, ServiceName.Of(name), measured));
    }

    public async Task RunJobAsync(HttpContext http)
    {
        var name = Named(http, "job");
        if (!Names.IsValid(name))
        {
            await RefuseAsync(http, 400, new ErrorView($"'{name}' is not a job's name", ErrorView.Arguments));
            return;
        }
        long? request = null;
        await RunAsync(http, (state, stamp) =>
        {
            request = Jobs.Of(state, ServiceName.Of(name)).Asked + 1;
            return Commands.Run(state, stamp, ServiceName.Of(name));
        }, done => done with { Request = request });
    }

    public Task KillAsync(HttpContext http)
    {
        TimeSpan? time = null;
        if (http.Request.Query["for"].ToString() is { Length: > 0 } text)
        {
            if (!Duration.TryParse(text, out var read))
                return RefuseAsync(http, 400,
                    new ErrorView($"'{text}' is not a duration. Write 30s or 1m30s", ErrorView.Arguments));
            time = read;
        }
        var subject = Named(http, "subject");
        return ActAsync(http, port.Kill(subject, time), $"kill {subject}" +
            (time is null ? "" : $" for {Duration.Words(time.Value)}"));
    }

    public Task ReviveAsync(HttpContext http) =>
        ActAsync(http, port.Revive(Named(http, "node")), $"revive {Named(http, "node")}");

    /// <summary>It is renewed several times a second: only the gateway notes its beginning and its end.</summary>
    public Task DetourAsync(HttpContext http)
    {
        var (name, query) = (Named(http, "replica"), http.Request.Query);
        var lasts = Quantities.Duration(query["for"].ToString());
        var isPort = ushort.TryParse(query["port"], CultureInfo.InvariantCulture, out var number) && number > 0;
        var wrong = !Names.IsValid(name) ? $"'{name}' is not a replica's name"
            : lasts is null || lasts > Routing.Detours.Longest ? NoLease
            : !isPort && lasts > TimeSpan.Zero ? "give port=1 to 65535, on which somebody listens at 127.0.0.1"
            : null;
        if (wrong is not null) return RefuseAsync(http, 400, new ErrorView(wrong, ErrorView.Arguments));
        return port.Detour(ReplicaName.Of(name), number, lasts!.Value) is { } refusal
            ? RefuseAsync(http, 409, new ErrorView(refusal, ErrorView.Conflict))
            : WriteAsync(http, new DoneView(port.State().Asked?.Value.Revision ?? 0, true, "on its way"));
    }

    /// <summary>As a detour: the gateway notes its beginning and its end.</summary>
    public Task ExpireAsync(HttpContext http)
    {
        if (Quantities.Duration(http.Request.Query["for"].ToString()) is not { } lasts
            || lasts > Routing.Detours.Longest)
            return RefuseAsync(http, 400, new ErrorView(NoLease, ErrorView.Arguments));
        return port.Expire(lasts) is { } refusal
            ? RefuseAsync(http, 409, new ErrorView(refusal, ErrorView.Conflict))
            : WriteAsync(http, new DoneView(port.State().Asked?.Value.Revision ?? 0, true, "shown"));
    }

    private static readonly string NoLease =
        $"give for=1s, at most {Duration.Words(Routing.Detours.Longest)}; for=0 ends it";

    public Task DownAsync(HttpContext http) => EndAsync(http, "down", port.Down);

    public Task LeaveAsync(HttpContext http) => EndAsync(http, "leave", port.Leave);

    private async Task<ClusterSpec?> HashedAsync(HttpContext http)
    {
        if (await BodyAsync<ClusterSpec>(http, Json.Read<ClusterSpec>) is not { } spec) return null;
        var (hashed, error) = port.Hash(spec);
        if (hashed is null)
            await RefuseAsync(http, 400, new ErrorView(error ?? "the files cannot be read", ErrorView.Arguments));
        return hashed;
    }

    private async Task NodeAsync(HttpContext http, Func<ClusterState, CommandStamp, NodeName, Decision> command)
    {
        var name = Named(http, "node");
        if (!Names.IsValid(name))
            await RefuseAsync(http, 400, new ErrorView($"'{name}' is not a node's name", ErrorView.Arguments));
        else
            await RunAsync(http, (state, stamp) => command(state, stamp, NodeName.Of(name)));
    }

    private async Task EndAsync(HttpContext http, string what, Action end)
    {
        await ActAsync(http, null, what);
        await http.Response.CompleteAsync();
        end();
    }

    private Task ActAsync(HttpContext http, string? refusal, string what)
    {
        if (refusal is not null) return RefuseAsync(http, 409, new ErrorView(refusal, ErrorView.Conflict));
        port.Events.Add(port.Cluster, what);
        return WriteAsync(http, new DoneView(port.State().Asked?.Value.Revision ?? 0, true, what));
    }

    private async Task RunAsync(HttpContext http, Func<ClusterState, CommandStamp, Decision> command,
        Func<DoneView, DoneView>? more = null)
    {
        var (done, error) = await _commands.RunAsync(command, http.RequestAborted);
        if (done is not null) await WriteAsync(http, more is null ? done : more(done));
        else await RefuseAsync(http, error!.Kind switch
        {
            ErrorView.Arguments => 400,
            ErrorView.Conflict => 409,
            ErrorView.Unavailable => 503,
            _ => 504,
        }, error);
    }
}
