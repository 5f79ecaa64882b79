using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Proving.Drills;

/// <summary>What a drill's load asks for.</summary>
internal static class DrillAddress
{
    /// <summary>Throws <see cref="CommandFailure"/> when the cluster has nothing to ask for.</summary>
    public static LoadOptions Options(DrillSpec drill, ClusterSpec spec, StatusView status)
    {
        var (url, host) = drill.Load.Url is { } given ? (new Uri(given), null) : AtGateway(drill, spec, status);
        return new LoadOptions
        {
            Url = url, Rate = drill.Load.Rate, Duration = drill.Load.Duration, Method = drill.Load.Method,
            Headers = host is null ? [] : [new LoadHeader("Host", host)],
        };
    }

    private static (Uri, string? Host) AtGateway(DrillSpec drill, ClusterSpec spec, StatusView status)
    {
        var gateway = status.Gateways.Select(g => g.Address)
            .OrderBy(a => a.StartsWith("https:", StringComparison.Ordinal))
            .FirstOrDefault(a => a.StartsWith("http", StringComparison.Ordinal))
            ?? throw CommandFailure.Arguments("this cluster has no gateway for HTTP to send requests to. " +
                "Write load: { url: … } into the drill");
        if (drill.Load.Path is { } path) return (new Uri(new Uri(gateway), path), null);
        var route = Route(drill, spec) ?? throw CommandFailure.Arguments("no route of this cluster takes any GET. " +
            "Write load: { path: … } or { url: … } into the drill");
        return (new Uri(new Uri(gateway), route.Path), route.Host);
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
