using Tangram.Model;

namespace Tangram.Routing.Records;

/// <summary>What of a gateway is not counted but read when somebody asks.</summary>
public sealed record GatewayGauges(
    string Version, int OpenConnections, long Connections, int TcpConnections, long DroppedCopies);

/// <summary>The figures of one gateway under their names: gateway, route, service, backend. The table of
/// docs/observing.md names each, beside HAProxy's and Envoy's.</summary>
public sealed class GatewayMetrics
{
    private readonly Exposition _out = new();
    private readonly RouteTable _table;
    private readonly Instant _now;
    private readonly (RoutedService Service, Backend Backend, bool Routed, string[] Labels)[] _backends;

    private GatewayMetrics(RouteTable table, Instant now)
    {
        (_table, _now) = (table, now);
        _backends = [.. All(table).Select(all => (all.Service, all.Backend, all.Routed, LabelsOf(all.Backend)))];
    }

    public static string Text(RouteTable table, GatewayFigures figures, GatewayGauges gauges, Instant now)
    {
        var metrics = new GatewayMetrics(table, now);
        metrics.Gateway(figures, gauges);
        metrics.Routes();
        metrics.Services();
        metrics.ServiceStates();
        metrics.Backends();
        metrics.BackendStates();
        return metrics._out.ToString();
    }

    private void Gateway(GatewayFigures figures, GatewayGauges gauges)
    {
        Family("tangram_build_info", "gauge", "The version of this program.");
        _out.Sample(1, Label("version", gauges.Version));
        Family("tangram_gateway_requests_total", "counter", "Requests by the class of the status that went out.");
        Codes(figures.Codes);
        Family("tangram_gateway_requests_in_flight", "gauge", "Requests that have not ended.");
        _out.Sample(figures.InFlight);
        Family("tangram_gateway_replies_total", "counter", "Answers that are the gateway's own, by the reason.");
        foreach (var (word, count) in figures.Replies.All()) _out.Sample(count, Label("reason", word));
        Family("tangram_gateway_connections_open", "gauge", "Connections of clients, for HTTP.");
        _out.Sample(gauges.OpenConnections);
        Family("tangram_gateway_connections_total", "counter", "Connections that clients have opened, for HTTP.");
        _out.Sample(gauges.Connections);
        Family("tangram_gateway_tcp_connections_open", "gauge", "Connections that are passed on as they are.");
        _out.Sample(gauges.TcpConnections);
        Family("tangram_gateway_tls_handshakes_total", "counter", "TLS handshakes with clients.");
        _out.Sample(figures.Handshakes.Value, Label("result", "done"));
        _out.Sample(figures.FailedHandshakes.Value, Label("result", "failed"));
        Family("tangram_gateway_access_log_lines_total", "counter", "Lines of the access log.");
        _out.Sample(figures.Lines.Value, Label("result", "written"));
        _out.Sample(figures.DroppedLines.Value, Label("result", "dropped"));
        Family("tangram_gateway_mirror_dropped_total", "counter", "Copies of requests for which there was no room.");
        _out.Sample(gauges.DroppedCopies);
    }

    private void Routes()
    {
        var routes = _table.Index.All.Select(route => (Route: route, Labels: (string[])
            [Label("route", route.Name), Label("service", route.Service?.Value ?? "")])).ToArray();
        Family("tangram_route_requests_total", "counter", "Requests by the class of the status that the client got.");
        foreach (var (route, labels) in routes) Codes(route.Figures.Codes, labels);
        Family("tangram_route_requests_in_flight", "gauge", "Requests that have not ended.");
        foreach (var (route, labels) in routes) _out.Sample(route.Figures.InFlight, labels);
        Family("tangram_route_rate_limited_total", "counter", "Requests that were answered 429 by the route's limit.");
        foreach (var (route, labels) in routes) _out.Sample(route.Figures.RateLimited.Value, labels);
        Family("tangram_route_request_duration_seconds", "histogram", "From a request's head to its answer's end.");
        foreach (var (route, labels) in routes) _out.Histogram(route.Figures.Latency, labels);
    }

    private void Services()
    {
        Family("tangram_service_requests_total", "counter", "Requests by the class of the status that the client got.");
        foreach (var service in _table.Services) Codes(service.Counters.Figures.Codes, [Of(service)]);
        Family("tangram_service_requests_in_flight", "gauge", "Requests that have not ended.");
        foreach (var service in _table.Services) _out.Sample(service.Counters.Active, Of(service));
        Family("tangram_service_request_duration_seconds", "histogram", "From a request's head to its answer's end.");
        foreach (var service in _table.Services) _out.Histogram(service.Counters.Figures.Latency, Of(service));
        Family("tangram_service_retries_total", "counter", "Attempts after a request's first.");
        foreach (var service in _table.Services) _out.Sample(service.Counters.Figures.Retries.Value, Of(service));
        Family("tangram_service_retries_in_flight", "gauge", "Places of the retry budget that are taken.");
        foreach (var service in _table.Services) _out.Sample(service.Counters.Retries, Of(service));
        Family("tangram_service_retries_refused_total", "counter", "Retries for which the budget had no place.");
        foreach (var service in _table.Services)
            _out.Sample(service.Counters.Figures.RetriesRefused.Value, Of(service));
        Family("tangram_service_hedges_total", "counter", "Second attempts beside a first, by who answered first.");
        foreach (var service in _table.Services)
        {
            var (all, won) = (service.Counters.Figures.Hedges.Value, service.Counters.Figures.HedgesWon.Value);
            _out.Sample(won, Of(service), Label("first", "second"));
            _out.Sample(Math.Max(0, all - won), Of(service), Label("first", "first"));
        }
        Family("tangram_service_refused_total", "counter", "Requests that no backend was asked for, by the reason.");
        foreach (var service in _table.Services)
            foreach (var (word, count) in service.Counters.Figures.Refused.All())
                _out.Sample(count, Of(service), Label("reason", word));
    }

    private void ServiceStates()
    {
        Family("tangram_service_breaker", "gauge", "1 for the state that the service's breaker is in.");
        foreach (var service in _table.Services)
            States(Word(service.Counters.Breaker.State(_now)), ["closed", "half-open", "open"], Of(service));
        Family("tangram_service_panic", "gauge", "1 while ejected backends are used, since too few others are left.");
        foreach (var service in _table.Services) _out.Sample(service.Counters.Panic ? 1 : 0, Of(service));
        Family("tangram_service_backends", "gauge", "Backends that are routed to.");
        foreach (var service in _table.Services) _out.Sample(service.Backends.Length, Of(service));
        Family("tangram_service_backends_available", "gauge", "Backends that are routed to and not ejected.");
        foreach (var service in _table.Services)
            _out.Sample(service.Backends.Count(backend => !backend.Counters.Ejected), Of(service));
    }

    private void Backends()
    {
        Family("tangram_backend_responses_total", "counter", "Attempts by the class of the backend's status.");
        Each((figures, labels) => Codes(figures.Codes, labels, from: 1));
        Family("tangram_backend_errors_total", "counter", "Attempts that got no answer, or half of one, by the kind.");
        Each((figures, labels) =>
        {
            for (var i = 0; i < BackendFigures.Errors.Length; i++)
                if (BackendFigures.Errors[i] is { } kind)
                    _out.Sample(figures.ErrorsOf(i), [.. labels, Label("kind", kind)]);
        });
        Family("tangram_backend_retried_total", "counter", "Attempts here that were repeated elsewhere.");
        Each((figures, labels) => _out.Sample(figures.Retried.Value, labels));
        Family("tangram_backend_ejections_total", "counter", "Times that it was ejected, by the cause.");
        Each((figures, labels) =>
        {
            for (var i = 0; i < BackendFigures.Causes.Length; i++)
                _out.Sample(figures.EjectionsFor(i), [.. labels, Label("cause", BackendFigures.Causes[i])]);
        });
        Family("tangram_backend_latency_seconds", "histogram", "From an attempt's beginning to its answer's head.");
        Each((figures, labels) => _out.Histogram(figures.Latency, labels));
    }

    private void BackendStates()
    {
        Family("tangram_backend_requests_in_flight", "gauge", "Requests and connections that are at it.");
        foreach (var (_, backend, _, labels) in _backends) _out.Sample(backend.Counters.InFlight, labels);
        Family("tangram_backend_latency_mean_seconds", "gauge", "The moving mean of its latency (EWMA).");
        foreach (var (_, backend, _, labels) in _backends) _out.Sample(backend.Counters.MeanLatency, labels);
        Family("tangram_backend_state", "gauge", "1 for the state that it is in.");
        foreach (var (service, backend, routed, labels) in _backends)
            States(StateOf(service, backend, routed, _now), ["up", "ejected", "trial", "draining"], labels);
        Family("tangram_backend_weight", "gauge", "1 when it gets its whole share, with slow start and fitness.");
        foreach (var (service, backend, _, labels) in _backends)
            _out.Sample(BackendState.Of(service, backend, _now).Weight, labels);
        Family("tangram_backend_share", "gauge", "Its requests for each of the heaviest backend of its service.");
        foreach (var (_, backend, _, labels) in _backends) _out.Sample(Math.Round(backend.Counters.Share, 4), labels);
        Family("tangram_backend_last_change_seconds", "gauge", "Since it was ejected or came back.");
        foreach (var (_, backend, _, labels) in _backends)
            if (backend.Counters.Figures.Changed is { } at) _out.Sample((_now - at).TotalSeconds, labels);
    }

    /// <summary>Each once: those that are routed to, and those that may have requests in flight.</summary>
    public static IEnumerable<(RoutedService Service, Backend Backend, bool Routed)> All(RouteTable table)
    {
        foreach (var service in table.Services)
            foreach (var backend in service.Backends) yield return (service, backend, true);
        foreach (var backend in table.Unrouted)
            if (table.Find(backend.Service) is { } service) yield return (service, backend, false);
    }

    /// <summary>up, ejected, trial (one request at a time), or draining.</summary>
    public static string StateOf(RoutedService service, Backend backend, bool routed, Instant now) =>
        !routed ? "draining"
        : BackendState.Of(service, backend, now).Breaker switch
        {
            BreakerState.Open => "ejected",
            BreakerState.HalfOpen => "trial",
            _ => "up",
        };

    public static string Word(BreakerState state) => state switch
    {
        BreakerState.Open => "open",
        BreakerState.HalfOpen => "half-open",
        _ => "closed",
    };

    private void Each(Action<BackendFigures, string[]> write)
    {
        foreach (var (_, backend, _, labels) in _backends) write(backend.Counters.Figures, labels);
    }

    /// <param name="from">A backend's answer has a status.</param>
    private void Codes(CodeCounts codes, string[]? labels = null, int from = 0)
    {
        for (var i = from; i < CodeCounts.Classes.Length; i++)
            _out.Sample(codes.Of(i), [.. labels ?? [], Label("code", CodeCounts.Classes[i])]);
    }

    private void States(string state, string[] all, params ReadOnlySpan<string> labels)
    {
        foreach (var one in all) _out.Sample(one == state ? 1 : 0, [.. labels, Label("state", one)]);
    }

    private void Family(string name, string type, string help) => _out.Family(name, type, help);

    private static string Label(string name, string value) => Exposition.Label(name, value);

    private static string Of(RoutedService service) => Label("service", service.Name.Value);

    private static string[] LabelsOf(Backend backend) =>
    [
        Label("service", backend.Service.Value), Label("backend", backend.Replica.Value),
        Label("node", backend.Node.Value), Label("zone", backend.Zone?.Value ?? ""),
    ];
}
