using System.Globalization;
using Tangram.Model;
using Tangram.Routing.Records;

namespace Tangram.Routing.Rules;

/// <summary>From a request to its route. First by host: the exact one (without its port, in any case), then the longest
/// <c>*.NAME</c> that it lies below, then routes for any host. Among a host's routes by path: the exact one, then the
/// longest that is the request's path or lies above it, on segment boundaries. Among routes of one host and path the
/// one with the higher priority, then the one with more conditions, then the one that was written first. A route whose
/// conditions do not hold is passed over, and the search goes on where it was.</summary>
/// <remarks>A look-up tries the path, then the path up to each '/' before, so it costs one hash per segment and not one
/// comparison per route, and conditions are asked only of what was found. It starts at the longest route's length, so a
/// path of thousands of segments costs no more. Allocates nothing.</remarks>
public sealed class RouteIndex
{
    public static readonly RouteIndex Empty = new([]);

    /// <summary>All keyed rate limits together keep at most so many counters, of 8 bytes each.</summary>
    private const int MostCounters = 1 << 21;

    private readonly Dictionary<string, Paths> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Paths> _below = new(StringComparer.OrdinalIgnoreCase);
    private readonly Paths _anyHost = new();
    private readonly Dictionary<(RouteSpec, RateLimitSpec), RateLimiter> _limiters = [];
    private readonly OrderedDictionary<string, Route> _routes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly int _longestBelow;

    /// <param name="routes">In the order in which they are asked when nothing else tells them apart.</param>
    /// <param name="previous">Its rate limits go on where they are still asked for.</param>
    public RouteIndex(IEnumerable<(RouteSpec Route, ServiceName? Service)> routes, RouteIndex? previous = null)
    {
        var all = routes.ToList();
        var limited = all.Count(r => r.Route.Treatment?.RateLimit is not null);
        foreach (var (spec, service) in all)
        {
            var limiter = LimiterOf(spec, MostCounters / Math.Max(1, limited), previous);
            PathsOf(spec.Host).Add(Named(spec, service, limiter, previous));
        }
        foreach (var paths in _hosts.Values.Concat(_below.Values).Append(_anyHost)) paths.Sort();
        _longestBelow = _below.Keys.Select(name => name.Length).DefaultIfEmpty().Max();
    }

    /// <summary>Those that requests meet.</summary>
    public IReadOnlyCollection<RateLimiter> Limiters => _limiters.Values;

    public Route? Match<TRequest>(TRequest request) where TRequest : struct, IRequestView
    {
        if (_hosts.Count > 0 || _below.Count > 0)
        {
            var host = WithoutPort(request.Host);
            if (_hosts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(host, out var paths)
                && paths.Find(request) is { } route) return route;
            if (_below.Count > 0 && FindBelow(host, request) is { } wild) return wild;
        }
        return _anyHost.Find(request);
    }

    private Route? FindBelow<TRequest>(ReadOnlySpan<char> host, TRequest request)
        where TRequest : struct, IRequestView
    {
        var below = _below.GetAlternateLookup<ReadOnlySpan<char>>();
        if (host.Length > _longestBelow + 1) host = host[^(_longestBelow + 1)..];
        for (var dot = host.IndexOf('.'); dot >= 0; dot = host.IndexOf('.'))
        {
            host = host[(dot + 1)..];
            if (below.TryGetValue(host, out var paths) && paths.Find(request) is { } route) return route;
        }
        return null;
    }

    /// <summary>In the order in which they were given.</summary>
    public IEnumerable<Route> All => _routes.Values;

    /// <param name="name">See <see cref="Route.Name"/>.</param>
    public Route? Find(string name) => _routes.GetValueOrDefault(name);

    private Route Named(RouteSpec spec, ServiceName? service, RateLimiter? limiter, RouteIndex? previous)
    {
        var name = $"{spec.Host ?? "*"}{(spec.Exact ? "=" : "")}{spec.Path}";
        var number = _numbers[name] = _numbers.GetValueOrDefault(name) + 1;
        // No path holds this sign.
        if (number > 1) name += string.Create(CultureInfo.InvariantCulture, $"#{number}");
        var before = previous?.Find(name);
        var same = before is not null && before.Service == (spec.To ?? service);
        var route = new Route(spec, service, limiter, name, same ? before!.Figures : new RouteFigures());
        _routes.Add(name, route);
        return route;
    }

    private Paths PathsOf(string? host)
    {
        if (host is null) return _anyHost;
        var (hosts, name) = host.StartsWith("*.", StringComparison.Ordinal) ? (_below, host[2..]) : (_hosts, host);
        if (!hosts.TryGetValue(name, out var paths)) hosts.Add(name, paths = new Paths());
        return paths;
    }

    private RateLimiter? LimiterOf(RouteSpec spec, int most, RouteIndex? previous)
    {
        if (spec.Treatment?.RateLimit is not { } limit) return null;
        var key = (spec.Match, limit);
        if (!_limiters.TryGetValue(key, out var limiter))
            _limiters.Add(key, limiter = previous?._limiters.GetValueOrDefault(key)
                ?? new RateLimiter(limit, most, IdOf(spec, limit)));
        return limiter;
    }

    /// <summary>The same on every gateway.</summary>
    private static ulong IdOf(RouteSpec spec, RateLimitSpec limit) => RequestKey.Of(
        Json.Write(spec.Match), KeyHash.Mix((ulong)limit.Requests) ^ (ulong)limit.Per.Ticks);

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        if (colon > host.LastIndexOf(']')) host = host[..colon];
        return host.TrimEnd('.');
    }

    private sealed class Paths
    {
        private readonly Dictionary<string, List<Route>> _exact = new(StringComparer.Ordinal);
        private readonly Dictionary<string, List<Route>> _below = new(StringComparer.Ordinal);
        private int _longest;

        public void Add(Route route)
        {
            var path = route.Spec.Exact ? route.Spec.Path : route.Spec.Path.TrimEnd('/');
            var routes = route.Spec.Exact ? _exact : _below;
            if (!routes.TryGetValue(path, out var list)) routes.Add(path, list = []);
            list.Add(route);
            if (!route.Spec.Exact) _longest = Math.Max(_longest, path.Length);
        }

        public void Sort()
        {
            foreach (var routes in _exact.Values.Concat(_below.Values))
            {
                // Not List.Sort, which may swap what compares equal.
                Route[] sorted =
                [
                    .. routes.OrderByDescending(r => r.Spec.Priority).ThenByDescending(r => r.Spec.When?.Count ?? 0),
                ];
                routes.Clear();
                routes.AddRange(sorted);
            }
        }

        public Route? Find<TRequest>(TRequest request) where TRequest : struct, IRequestView
        {
            var path = request.Path;
            if (_exact.Count > 0 && _exact.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(path, out var exact)
                && First(exact, request) is { } whole) return whole;
            if (_below.Count == 0) return null;
            var below = _below.GetAlternateLookup<ReadOnlySpan<char>>();
            if (path.Length > _longest)
            {
                var boundary = path[.._longest].LastIndexOf('/');
                path = path[_longest] == '/' ? path[.._longest] : path[..Math.Max(0, boundary)];
            }
            while (true)
            {
                if (below.TryGetValue(path, out var routes) && First(routes, request) is { } route) return route;
                if (path.IsEmpty) return null;
                path = path[..Math.Max(0, path.LastIndexOf('/'))];
            }
        }

        private static Route? First<TRequest>(List<Route> routes, TRequest request)
            where TRequest : struct, IRequestView
        {
            foreach (var route in routes) if (route.Takes(request)) return route;
            return null;
        }
    }
}
