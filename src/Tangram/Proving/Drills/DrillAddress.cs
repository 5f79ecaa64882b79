using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Proving.Drills;

/// <summary>What a drill's load asks for.</summary>
internal static class DrillAddress
{
    /// <summary>Throws <see cref="CommandFailure"/> when the cluster has nothing to ask for.</summary>
    public static LoadOptions Options(DrillSpec drill, ClusterSpec spec, StatusView status,
        IReadOnlyList<DrilledMachine>? machines = null)
    {
        var (urls, host) = drill.Load.Url is { } given ? ([new Uri(given)], null)
            : AtGateway(drill, spec, status, machines ?? []);
        return new LoadOptions
        {
            Url = urls[0], Also = [.. urls.Skip(1)], Rate = drill.Load.Rate, Duration = drill.Load.Duration,
            Method = drill.Load.Method, Headers = host is null ? [] : [new LoadHeader("Host", host)],
        };
    }

    private static (List<Uri> Urls, string? Host) AtGateway(
        DrillSpec drill, ClusterSpec spec, StatusView status, IReadOnlyList<DrilledMachine> machines)
    {
        var addresses = Addresses(status, machines);
        if (addresses.Count == 0)
            throw CommandFailure.Arguments("this cluster has no gateway for HTTP to send requests to. " +
                "Write load: { url: … } into the drill");
        if (drill.Load.Path is { } path) return ([.. addresses.Select(at => new Uri(at, path))], null);
        var route = Route(drill, spec) ?? throw CommandFailure.Arguments("no route of this cluster takes any GET. " +
            "Write load: { path: … } or { url: … } into the drill");
        return ([.. addresses.Select(at => new Uri(at, route.Path))], route.Host);
    }

    /// <summary>One of each gateway on several machines, for clients try the next one; else the first. An address that
    /// names no machine, such as 0.0.0.0, is that of the gateway's injector.</summary>
    private static List<Uri> Addresses(StatusView status, IReadOnlyList<DrilledMachine> machines)
    {
        var found = new List<(string Gateway, Uri Url)>();
        foreach (var gateway in status.Gateways
            .Where(g => g.Address.StartsWith("http", StringComparison.Ordinal))
            .OrderBy(g => g.Address.StartsWith("https:", StringComparison.Ordinal)))
        {
            var url = new Uri(gateway.Address);
            if (machines.Count > 0 && url.Host is "0.0.0.0" or "[::]" or "localhost" or "127.0.0.1" or "[::1]")
            {
                if (machines.FirstOrDefault(m => m.Gateway == gateway.Gateway) is not { } machine) continue;
                url = new UriBuilder(url) { Host = machine.Host }.Uri;
            }
            if (found.TrueForAll(f => f.Gateway != gateway.Gateway && f.Url.Scheme == url.Scheme))
                found.Add((gateway.Gateway, url));
        }
        return [.. found.Take(machines.Count == 0 ? 1 : found.Count).Select(f => f.Url)];
    }

    /// <summary>Of the service that is struck, if it has one; else the first, by the services' names.</summary>
    private static RouteSpec? Route(DrillSpec drill, ClusterSpec spec)
    {
        bool Struck(ServiceSpec service) => drill.Faults.Any(fault => fault.Target is { } target
            && (target == service.Name.Value || target.StartsWith(service.Name.Value + "-", StringComparison.Ordinal)));
        return spec.Services
            .SelectMany(service => service.Routes.Select(route => (Struck: Struck(service), Route: route)))
            .Where(one => one.Route.When is null && one.Route.Host?.StartsWith('*') != true)
            .OrderByDescending(one => one.Struck).ThenBy(one => one.Route.Host is not null)
            .Select(one => one.Route).FirstOrDefault();
    }
}
