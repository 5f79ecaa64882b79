using Tangram.Model;
using static Tangram.Observing.HttpAnswer;

namespace Tangram.Observing;

/// <summary>One route of the API. The table is the contract with other programs: it is what is served, and what
/// <see cref="OpenApi"/> describes. Add; never rename.</summary>
/// <param name="Summary">For people who read the description.</param>
internal sealed record ApiRoute(
    string Method, string Path, string Summary, Func<ApiAnswers, RequestDelegate> Answer)
{
    /// <summary>What the body shall be; null: there is none.</summary>
    public Type? Takes { get; init; }

    /// <summary>What the answer is.</summary>
    public Type Gives { get; init; } = typeof(DoneView);
    public string GivesAs { get; init; } = JsonType;

    /// <summary>Of a stream: what each event after the first one is.</summary>
    public Type? ThenGives { get; init; }
    public ApiQuery[] Queries { get; init; } = [];

    /// <summary>The statuses that an <see cref="ErrorView"/> comes with.</summary>
    public int[] Refusals { get; init; } = [];

    private static readonly int[] Command = [400, 409, 503, 504];

    public static readonly ApiRoute[] All =
    [
        new("GET", "/v1/status", "Whether the cluster is ready: services, nodes, gateways, rollout.",
            a => a.Looks.StatusAsync) { Gives = typeof(StatusView) },
        new("GET", "/v1/ps", "The replicas: where each one runs and how it is.",
            a => a.Looks.ReplicasAsync) { Gives = typeof(ReplicaView[]) },
        new("GET", "/v1/top", "The replicas with what each one uses; measured while the answer is waited for.",
            a => a.Looks.TopAsync)
        {
            Gives = typeof(TopView),
            Queries = [new("over", "number", "Measure for so many seconds: 0.1 to 10, 0.5 when left out.")],
        },
        new("GET", "/v1/routes", "Routes, services and backends with their states and figures, by gateway.",
            a => a.Looks.RoutesAsync) { Gives = typeof(RoutesView) },
        new("GET", "/metrics", "The figures of the gateway in this process, in Prometheus' text format.",
            a => a.Looks.MetricsAsync) { Gives = typeof(string), GivesAs = TextType, Refusals = [404] },
        new("GET", "/v1/watch", "Follows the cluster: first all of it, then what changes, as server-sent events.",
            a => a.Watch.StreamAsync)
        {
            Gives = typeof(ClusterView), ThenGives = typeof(DeltaView), GivesAs = EventsType,
            Queries =
            [
                new("after", "string", "The id of the last event that was taken in; the header Last-Event-ID does " +
                    "the same. When what came after it is not kept any more, everything is sent anew."),
            ],
        },
        new("GET", "/v1/events", "What happened, oldest first: the last 1,000 events.", a => a.Looks.EventsAsync)
        {
            Gives = typeof(EventView[]),
            Queries =
            [
                new("after", "integer", "Only events with a higher number."),
                new("wait", "number", "If there is none, wait so many seconds for one: 0 to 30."),
            ],
        },
        new("GET", "/v1/why", "Why the cluster is not ready, or that it is.",
            a => a.Looks.WhyClusterAsync) { Gives = typeof(WhyView) },
        new("GET", "/v1/why/{subject}", "Why a replica, a service, a node or the cluster is as it is.",
            a => a.Looks.WhyAsync) { Gives = typeof(WhyView), Refusals = [404] },
        new("GET", "/v1/history", "The revisions that are kept, newest first.",
            a => a.Looks.HistoryAsync) { Gives = typeof(HistoryView[]) },
        new("GET", "/v1/jobs", "The jobs: when each runs next, and how its runs ended.",
            a => a.Looks.JobsAsync) { Gives = typeof(JobView[]) },
        new("GET", "/v1/diff/{before}/{after}", "What differs between two revisions; 'now' is the one in force.",
            a => a.Looks.DiffAsync) { Gives = typeof(ChangeView[]), Refusals = [404] },
        new("GET", "/v1/spec", "What is asked for now: the file as it was read, without what configs and secrets hold.",
            a => a.Looks.SpecAsync) { Gives = typeof(ClusterSpec), Refusals = [404] },
        new("GET", "/v1/openapi.json", "This description.", _ => LookAnswers.OpenApiAsync) { Gives = typeof(object) },
        new("POST", "/v1/diff", "What differs between the revision in force and a file.", a => a.Commands.DiffAsync)
            { Takes = typeof(ClusterSpec), Gives = typeof(ChangeView[]), Refusals = [400] },
        new("POST", "/v1/plan", "What a deploy would change and why, in words; changes nothing.",
            a => a.Commands.PlanAsync)
        {
            Takes = typeof(ClusterSpec), Gives = typeof(string), GivesAs = TextType, Refusals = [400],
            Queries =
            [
                new("json", "boolean", "As a JSON object instead."),
                new("resources", "boolean", "Instead: how large nodes must be for it."),
            ],
        },
        new("POST", "/v1/deploy", "Makes a file the wanted revision; `tangram config --json` prints what to send.",
            a => a.Commands.DeployAsync)
        {
            Takes = typeof(ClusterSpec), Refusals = Command,
            Queries = [new("supersede", "boolean", "Replace a rollout that is in progress.")],
        },
        new("POST", "/v1/rollback", "Goes back to the revision before; ends a rollout in progress.",
            a => a.Commands.RollbackAsync) { Refusals = Command },
        new("POST", "/v1/scale", "Sets how many replicas services have.",
            a => a.Commands.ScaleAsync) { Takes = typeof(Scale[]), Refusals = Command },
        new("POST", "/v1/drain/{node}", "Moves every replica away from a node, and places none there.",
            a => a.Commands.DrainAsync) { Refusals = Command },
        new("POST", "/v1/undrain/{node}", "Lets a drained node take replicas again.",
            a => a.Commands.UndrainAsync) { Refusals = Command },
        new("POST", "/v1/backend/{replica}", "Gives a replica more, less or no requests at every gateway; it runs on.",
            a => a.Commands.BackendAsync)
        {
            Refusals = Command,
            Queries =
            [
                new("mode", "string", "normal, drain (no new requests, but for clients that stay with it) or " +
                    "maintenance (none at all)."),
                new("weight", "number", "Instead: percent of its usual share, 1 to 1000."),
            ],
        },
        new("POST", "/v1/capacity/{service}", "Keeps what one replica of a service was measured to carry.",
            a => a.Commands.CapacityAsync) { Takes = typeof(MeasuredCapacity), Refusals = Command },
        new("POST", "/v1/run/{job}", "Runs a job once now; returns when that is asked for, not when it has run.",
            a => a.Commands.RunJobAsync) { Refusals = Command },
        new("POST", "/v1/kill/{subject}", "For practice: kills a replica, or silences a virtual node.",
            a => a.Commands.KillAsync)
        {
            Refusals = [400, 409],
            Queries = [new("for", "string", "Bring a node back after this time, such as 30s.")],
        },
        new("POST", "/v1/revive/{node}", "Brings a killed virtual node back.",
            a => a.Commands.ReviveAsync) { Refusals = [409] },
        new("POST", "/v1/expire", "For practice: shows new connections by https a certificate that has ended. A " +
            "lease: renew it in time, or they are shown the gateway's own again.",
            a => a.Commands.ExpireAsync)
        {
            Refusals = [400, 409],
            Queries = [new("for", "string", "How long, such as 1s; at most 10s, and 0 ends it.")],
        },
        new("POST", "/v1/detour/{replica}", "For practice: leads connections to a replica by way of a port of this " +
            "machine. A lease: renew it in time, or they go directly again.",
            a => a.Commands.DetourAsync)
        {
            Refusals = [400, 409],
            Queries =
            [
                new("port", "integer", "Of 127.0.0.1, where somebody listens who passes on what comes."),
                new("for", "string", "How long, such as 1s; at most 10s, and 0 ends it."),
            ],
        },
        new("POST", "/v1/down", "Stops the cluster in order; returns at once.", a => a.Commands.DownAsync),
        new("POST", "/v1/leave", "Ends this daemon and leaves the replicas running; returns at once.",
            a => a.Commands.LeaveAsync),
    ];
}

/// <param name="Type">As JSON Schema names it.</param>
internal sealed record ApiQuery(string Name, string Type, string Summary);
