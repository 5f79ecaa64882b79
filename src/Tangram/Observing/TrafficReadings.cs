using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Records;

namespace Tangram.Observing;

/// <summary>Reads what one gateway has counted, when somebody asks.</summary>
internal static class TrafficReadings
{
    private static readonly Dictionary<BalancePolicy, string> Policies = new()
    {
        [BalancePolicy.PeakEwma] = "peak-ewma", [BalancePolicy.LeastRequests] = "least-requests",
        [BalancePolicy.RoundRobin] = "round-robin", [BalancePolicy.First] = "first", [BalancePolicy.Hash] = "hash",
    };

    public static GatewayTrafficView Of(string gateway, RouteTable table, Instant now, DateTimeOffset at)
    {
        var backends = GatewayMetrics.All(table).ToLookup(b => b.Service.Name);
        return new GatewayTrafficView(gateway, at,
            [
                .. table.Index.All.Select(route => new RouteTrafficView(route.Name, route.Service?.Value,
                    route.Figures.InFlight, route.Figures.Codes.Sum(), route.Figures.Codes.Errors,
                    route.Figures.RateLimited.Value, Seconds(route.Figures.Latency.Quantile(0.5)),
                    Seconds(route.Figures.Latency.Quantile(0.99)))),
            ],
            [
                .. table.Services.Select(service => Of(service, now, [.. backends[service.Name].Select(b =>
                    Of(b.Service, b.Backend, b.Routed, now))])),
            ]);
    }

    private static ServiceTrafficView Of(RoutedService service, Instant now, BackendTrafficView[] backends)
    {
        var figures = service.Counters.Figures;
        return new ServiceTrafficView(service.Name.Value, Policies.GetValueOrDefault(service.Balance, "other"),
            GatewayMetrics.Word(service.Counters.Breaker.State(now)), service.Counters.Panic,
            service.Counters.Breaker.Because ?? "", service.Counters.Active, figures.Codes.Sum(), figures.Codes.Errors,
            figures.Retries.Value, Seconds(figures.Latency.Quantile(0.5)), Seconds(figures.Latency.Quantile(0.99)),
            [.. backends]);
    }

    private static BackendTrafficView Of(RoutedService service, Backend backend, bool routed, Instant now)
    {
        var (counters, figures) = (backend.Counters, backend.Counters.Figures);
        var state = BackendState.Of(service, backend, now);
        return new BackendTrafficView(backend.Replica.Value, backend.Node.Value, backend.Zone?.Value,
            GatewayMetrics.StateOf(service, backend, routed, now), state.Because, state.Weight,
            Math.Round(counters.Share, 3), counters.InFlight,
            figures.Codes.Sum() + figures.Failures - figures.Codes.Errors, figures.Failures, figures.Retried.Value,
            Seconds(figures.Latency.Quantile(0.5)), Seconds(figures.Latency.Quantile(0.99)),
            counters.MeanLatency is > 0 and var mean ? Seconds(mean) : null,
            figures.Changed is { } at ? Math.Round((now - at).TotalSeconds, 1) : null);
    }

    private static double? Seconds(double? seconds) => seconds is { } known ? Math.Round(known, 6) : null;
}
