using System.Collections.Frozen;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Everything a gateway needs to route, immutable but for leaf counters; the next one replaces it by one
/// reference write.</summary>
public sealed class RouteTable
{
    public static readonly RouteTable Empty = new();

    private readonly Route[] _routes = [];

    /// <param name="Host">Null matches any.</param>
    /// <param name="Path">Without a slash at the end; empty matches any.</param>
    public sealed record Route(string? Host, string Path, ServiceName Service);

    /// <summary>The <see cref="Coordinating.ClusterState.RoutedRevision"/> it was derived from.</summary>
    public long AppliedRevision { get; init; }

    public IReadOnlyList<Route> Routes
    {
        get => _routes;
        // A route with a host goes before one without, a longer path before a shorter.
        init => _routes = [.. value.OrderBy(r => r.Host is null).ThenByDescending(r => r.Path.Length)
            .ThenBy(r => r.Path, StringComparer.Ordinal)];
    }

    public FrozenDictionary<ServiceName, ServiceBackends> Services { get; init; } =
        FrozenDictionary<ServiceName, ServiceBackends>.Empty;

    /// <summary>Published ports, and the services they lead to.</summary>
    public IReadOnlyList<PublishedPort> Published { get; init; } = [];

    /// <summary>Replicas that get no new requests but may still have some in flight.</summary>
    public IReadOnlyList<Backend> Draining { get; init; } = [];

    internal FrozenDictionary<(ServiceName Service, int Revision), OutcomeCounters> OutcomeCounters { get; init; } =
        FrozenDictionary<(ServiceName, int), OutcomeCounters>.Empty;

    /// <summary>The rollout whose outcomes are counted; a new one starts from zero.</summary>
    internal int? RolloutTarget { get; init; }

    /// <summary>The service for a host and a path, or null.</summary>
    /// <param name="host">As in the Host header, with or without a port.</param>
    public ServiceName? Match(ReadOnlySpan<char> host, ReadOnlySpan<char> path)
    {
        var colon = host.LastIndexOf(':');
        if (colon >= 0 && host[(colon + 1)..].IndexOfAnyExceptInRange('0', '9') < 0) host = host[..colon];
        foreach (var route in _routes)
            if ((route.Host is null || host.Equals(route.Host, StringComparison.OrdinalIgnoreCase)) && Below(path, route.Path))
                return route.Service;
        return null;
    }

    private static bool Below(ReadOnlySpan<char> path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');

    public EquatableArray<ReplicaName> Busy() =>
        Draining.Where(b => b.Counters.InFlight > 0).Select(b => b.Replica).Order().ToEquatableArray();

    public EquatableArray<Outcomes> Outcomes() => OutcomeCounters.OrderBy(o => o.Key.Service).ThenBy(o => o.Key.Revision)
        .Select(o => (o.Key, Count: o.Value.Read())).Where(o => o.Count.Requests > 0)
        .Select(o => new Outcomes(o.Key.Service, o.Key.Revision, o.Count.Requests, o.Count.Failures)).ToEquatableArray();
}

public sealed record PublishedPort(string? HostAddress, int Port, ServiceName Service);
