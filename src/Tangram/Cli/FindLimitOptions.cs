using System.CommandLine;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Capacity;

namespace Tangram.Cli;

/// <summary>What <c>load</c> takes to look for a limit instead.</summary>
internal sealed class FindLimitOptions(CommandContext context)
{
    private readonly Option<bool> _find = new("--find-limit")
    {
        Description = "Instead: more and more users until that brings nothing, then the highest rate within --latency",
    };
    private readonly Option<TimeSpan?> _latency = CommandContext.DurationOption("--latency",
        "With --find-limit: what 99 of 100 requests shall stay below (default 250ms)");
    private readonly Option<TimeSpan?> _step = CommandContext.DurationOption("--step",
        "With --find-limit: how long each step is measured (default 4s)");
    private readonly Option<int?> _users = new("--most-users")
    {
        Description = "With --find-limit: try no more users than these (default 2000)", HelpName = "N",
    };
    private readonly Option<string?> _service = new("--service")
    {
        Description = "With --find-limit: of one replica of this service, or of the replica of this name; " +
            "URL is a path, and the cluster keeps what is found",
        HelpName = "NAME",
    };
    private readonly Option<string[]> _file = CommandContext.FileOption();

    public IEnumerable<Option> All => [_find, _latency, _step, _users, _service, _file];

    public bool IsAsked(ParseResult parsed) => parsed.GetValue(_find) || IsOfService(parsed);
    public bool IsOfService(ParseResult parsed) => parsed.GetValue(_service) is not null;

    /// <summary>What to load, and how to look for its limit; null when that is not asked.</summary>
    /// <param name="typed">A URL, or with <c>--service</c> its path.</param>
    public async Task<(Uri Where, LimitRequest? Limit)> ReadAsync(
        ParseResult parsed, string typed, CancellationToken cancellation)
    {
        var url = LoadCommand.Address(typed) ?? new Uri(typed, UriKind.Relative);
        var usual = new LimitOptions();
        var options = usual with
        {
            Latency = parsed.GetValue(_latency) ?? usual.Latency, Step = parsed.GetValue(_step) ?? usual.Step,
            MostUsers = parsed.GetValue(_users) ?? usual.MostUsers,
        };
        var name = parsed.GetValue(_service);
        if (!parsed.GetValue(_find))
        {
            if (options != usual || name is not null)
                throw CommandFailure.Arguments("--latency, --step, --most-users and --service go with --find-limit");
            return (Absolute(url), null);
        }
        if (name is null) return (Absolute(url), new LimitRequest(options));
        if (url.IsAbsoluteUri)
            throw CommandFailure.Arguments($"with --service, write only the path of {url}: which replica is asked, " +
                "Tangram knows");
        if (!typed.StartsWith('/'))
            throw CommandFailure.Arguments($"'{typed}' is not a path: with --service, write one such as /api/orders");
        var place = context.Finder.Find(parsed.GetValue(_file));
        var replica = await ReplicaAsync(place, name, cancellation);
        var where = new Uri($"http://{Host(replica.Address)}:{replica.Port}{url}");
        return (where, new LimitRequest(options,
            (result, stop) => KeepAsync(place, replica, url.ToString(), result, stop)));
    }

    private static async Task<ReplicaView> ReplicaAsync(
        ClusterPlace place, string name, CancellationToken cancellation)
    {
        using var client = new ClusterClient(place);
        var replicas = await client.GetAsync<ReplicaView[]>("/v1/ps", cancellation);
        var meant = replicas.Where(r => r.Service == name || r.Replica == name).ToList();
        if (meant.Count == 0)
            throw CommandFailure.Arguments($"there is no service or replica '{name}'. The services are: " +
                string.Join(", ", replicas.Select(r => r.Service).Distinct().Order(StringComparer.Ordinal)));
        // One that gateways send nothing shows its own capacity, and not what is left of it.
        return meant.Where(r => r is { Ready: true, Port: not null }).OrderBy(r => r.Asked == "maintenance" ? 0 : 1)
                .FirstOrDefault()
            ?? throw new CommandFailure(Exit.Failed,
                $"no replica of '{name}' is ready to be asked. See `tangram why {name}`");
    }

    private static async Task<string> KeepAsync(
        ClusterPlace place, ReplicaView replica, string path, LimitResult result, CancellationToken cancellation)
    {
        using var client = new ClusterClient(place);
        var measured = new MeasuredCapacity
        {
            Revision = replica.Revision, Path = path, Rate = result.Rate!.Value, LatencyP99 = result.Latency,
            Greatest = result.Greatest, Knee = result.Knee, Idle = result.Idle,
        };
        var done = await client.PostAsync($"/v1/capacity/{replica.Service}", Json.Write(measured), cancellation);
        return $"kept: {done.What}";
    }

    private static string Host(string? address) => address is null ? "127.0.0.1"
        : address.Contains(':', StringComparison.Ordinal) ? $"[{address.Trim('[', ']')}]" : address;

    private static Uri Absolute(Uri url) => url.IsAbsoluteUri ? url
        : throw CommandFailure.Arguments($"'{url}' is not a URL that starts with http:// or https://");
}
