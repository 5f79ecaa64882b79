using Tangram.Model;

namespace Tangram.Routing;

/// <summary>From host and path to a service: the exact host first (without its port, in any case), then routes for any
/// host; among a host's routes the longest path that is the request's path or lies above it, on segment
/// boundaries.</summary>
/// <remarks>A look-up tries the path, then the path up to each '/' before, so it costs one hash per segment and not one
/// comparison per route. It starts at the longest route's length, so a path of thousands of segments costs no
/// more.</remarks>
public sealed class RouteIndex
{
    private readonly Dictionary<string, Paths> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Paths _anyHost = new();

    /// <summary>When two services ask for the same route, the first in the order given has it.</summary>
    public RouteIndex(IEnumerable<(RouteSpec Route, ServiceName Service)> routes)
    {
        foreach (var (route, service) in routes)
        {
            var paths = _anyHost;
            if (route.Host is not null && !_hosts.TryGetValue(route.Host, out paths))
                _hosts.Add(route.Host, paths = new Paths());
            paths.Add(route.Path, service);
        }
    }

    /// <param name="host">The Host header as it came.</param>
    /// <param name="path">Decoded, with its dot segments removed.</param>
    public ServiceName? Match(ReadOnlySpan<char> host, ReadOnlySpan<char> path)
    {
        if (_hosts.Count > 0
            && _hosts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(WithoutPort(host), out var paths)
            && paths.Find(path) is { } service) return service;
        return _anyHost.Find(path);
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        if (colon > host.LastIndexOf(']')) host = host[..colon];
        return host.TrimEnd('.');
    }

    private sealed class Paths
    {
        private readonly Dictionary<string, ServiceName> _services = new(StringComparer.Ordinal);
        private int _longest;

        public void Add(string path, ServiceName service)
        {
            path = path.TrimEnd('/');
            _services.TryAdd(path, service);
            _longest = Math.Max(_longest, path.Length);
        }

        public ServiceName? Find(ReadOnlySpan<char> path)
        {
            if (_services.Count == 0) return null;
            var services = _services.GetAlternateLookup<ReadOnlySpan<char>>();
            if (path.Length > _longest)
            {
                var boundary = path[.._longest].LastIndexOf('/');
                path = path[_longest] == '/' ? path[.._longest] : path[..Math.Max(0, boundary)];
            }
            while (true)
            {
                if (services.TryGetValue(path, out var service)) return service;
                if (path.IsEmpty) return null;
                path = path[..Math.Max(0, path.LastIndexOf('/'))];
            }
        }
    }
}
