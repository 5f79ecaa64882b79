using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What the gateways see of routes, services and backends: see `tangram routes`.</summary>
public sealed record RoutesView(EquatableArray<GatewayTrafficView> Gateways);

/// <param name="At">UTC.</param>
/// <param name="Routes">In the order of the file.</param>
public sealed record GatewayTrafficView(
    string Gateway, DateTimeOffset At, EquatableArray<RouteTrafficView> Routes,
    EquatableArray<ServiceTrafficView> Services);

/// <param name="Route">HOST/PATH; * is any host.</param>
/// <param name="Service">Null: it redirects.</param>
/// <param name="Requests">Since the gateway's start, as all counts are.</param>
/// <param name="Errors">Of these, those that the client got 5xx for.</param>
/// <param name="RateLimited">Of these, those that came too often.</param>
/// <param name="P50">Seconds, of the last half minute to minute; null when there was none.</param>
public sealed record RouteTrafficView(
    string Route, string? Service, int InFlight, long Requests, long Errors, long RateLimited, double? P50,
    double? P99);

/// <param name="Breaker">closed, half-open or open.</param>
/// <param name="Panic">Ejected backends are used all the same, since too few others are left.</param>
/// <param name="Because">Of the breaker; empty when it is closed.</param>
public sealed record ServiceTrafficView(
    string Service, string Balance, string Breaker, bool Panic, string Because, int InFlight, long Requests,
    long Errors, long Retries, double? P50, double? P99, EquatableArray<BackendTrafficView> Backends);

/// <param name="State">up, ejected, trial (one request at a time) or draining.</param>
/// <param name="Because">Of the state and the weight; empty when there is nothing to say.</param>
/// <param name="Weight">1 when it gets its whole share.</param>
/// <param name="Share">Its requests for each of the heaviest backend of its service.</param>
/// <param name="Errors">Attempts that got no answer, half of one, or 5xx.</param>
/// <param name="Retries">Attempts here that were repeated elsewhere.</param>
/// <param name="P50">Seconds to the head of an answer, of the last half minute to minute.</param>
/// <param name="Mean">The moving mean of the same; null when there was none.</param>
/// <param name="Changed">Seconds since it was ejected or came back; null: never.</param>
public sealed record BackendTrafficView(
    string Backend, string Node, string? Zone, string State, string Because, double Weight, double Share, int InFlight,
    long Requests, long Errors, long Retries, double? P50, double? P99, double? Mean, double? Changed);
