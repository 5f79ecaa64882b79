using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>The shell around <see cref="GatewayMachine"/>: publishes the routes it asks for and tells it what the traffic
/// shows.</summary>
internal sealed class GatewayLoop
{
    private readonly GatewayServer _server;
    private readonly MachineLoop _loop;
    private readonly ServicePorts _ports;
    private readonly MonotonicClock _clock;
    private EquatableArray<string> _listen;

    public GatewayLoop(string name, GatewayServer server, EquatableArray<string> listen, IStore store,
        MonotonicClock clock, ServicePorts ports)
    {
        (_server, _listen, _ports, _clock) = (server, listen, ports, clock);
        _loop = new MachineLoop(new GatewayMachine(name, listen, ClusterHost.Ttl), store, clock, Perform);
    }

    public void Post(Event @event) => _loop.Post(@event);

    /// <summary>Opens the addresses before anything starts. Throws <see cref="IOException"/> that names the owner of one
    /// that is taken.</summary>
    public void Open(ClusterSpec spec)
    {
        var published = spec.Services.SelectMany(s => s.Ports.Where(p => p.Mode == PortMode.Ingress)).Select(p => p.Published);
        foreach (var port in spec.GatewayListen.Select(url => new Uri(url).Port).Concat(published).Concat(_ports.All.Values))
            if (PortAllocator.Taken(port) is { } taken)
                throw new IOException($"the gateway cannot listen: {taken}. End that program, or choose another port " +
                                      "under x-tangram.gateway.listen or ports");
        Listen([]);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var observing = _clock.Time.CreateTimer(_ => Observe(), null, Event.Tick.Every, Event.Tick.Every);
        await _loop.RunAsync(cancellation).ConfigureAwait(false);
    }

    private void Perform(Effect effect)
    {
        if (effect is not PublishRoutes publish) return;
        if (publish.State.EffectiveSpec is { } spec) _listen = spec.GatewayListen;
        var table = RouteDeriver.Derive(publish.State, _server.Table);
        Listen(table.Published);
        _server.Publish(table);
        Observe();
    }

    private void Listen(IReadOnlyList<PublishedPort> published)
    {
        var urls = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var services = new Dictionary<int, ServiceName>();
        foreach (var (number, url) in _listen.Index()) urls[$"gateway{number}"] = url;
        foreach (var (service, port) in _ports.All)
        {
            urls[$"service-{service}"] = $"http://127.0.0.1:{port}";
            services[port] = service;
        }
        foreach (var port in published)
        {
            urls[$"port{port.Port}"] = $"http://{port.HostAddress ?? "0.0.0.0"}:{port.Port}";
            services[port.Port] = port.Service;
        }
        _server.Listen(urls, services);
    }

    private void Observe()
    {
        var table = _server.Table;
        Post(new TrafficSeen(table.AppliedRevision, table.Busy(), table.Outcomes()));
    }
}
