using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>The shell around <see cref="GatewayMachine"/>: publishes the routes it asks for and tells it what the
/// traffic shows.</summary>
internal sealed class GatewayLoop
{
    /// <summary>The agents need a moment to find their replicas again, and a service may have none at all.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _servesAll = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GatewayServer _server;
    private readonly GatewayMachine _machine;
    private readonly MachineLoop _loop;
    private readonly ServicePorts? _ports;
    private readonly bool _public;
    private readonly MonotonicClock _clock;
    private readonly Action<string, string> _announce;
    private readonly string _name;
    private EquatableArray<string> _listen;
    private EquatableArray<TcpSpec> _tcp;
    private TlsSpec? _tls;
    private bool _proxied;
    private string? _metrics;
    private readonly SharedRates _rates = new();
    private volatile ShareRates? _told;
    private Task _opening = Task.CompletedTask, _starting = Task.CompletedTask;
    private bool _started;

    /// <summary>Certificates and listeners follow the state of this revision: what a deploy brings is acknowledged once
    /// it is tried.</summary>
    private long _open;

    /// <param name="listen">The public addresses at first; later the spec's. Null: none, this gateway only carries
    /// calls between services on its node.</param>
    /// <param name="instance">Of the state folder, when several machines may mistakenly have one name.</param>
    public GatewayLoop(string name, GatewayServer server, EquatableArray<string>? listen, IStore store,
        MonotonicClock clock, ServicePorts? ports, Action<string, string> announce, string instance = "")
    {
        _public = listen is not null;
        (_name, _server, _listen, _ports, _clock, _announce) = (name, server, listen ?? [], ports, clock, announce);
        _machine = new GatewayMachine(name, _public, ClusterHost.Ttl, instance);
        _loop = new MachineLoop(_machine, store, clock, Perform);
        server.BecameIdle += _ => Observe();
        server.Told += announce;
        server.Said += said => announce(name, said);
    }

    public void Post(Event @event) => _loop.Post(@event);

    /// <summary>Opens the addresses before anything starts; connections wait until there are routes. Throws
    /// <see cref="IOException"/> that names the owner of one that is taken.</summary>
    public async Task OpenAsync(ClusterSpec spec)
    {
        var published = from service in spec.Services
                        from port in service.Ports
                        where port.Mode == PortMode.Ingress
                        select new Listener(port.HostAddress ?? "0.0.0.0", port.Published, service.Name);
        if (_public && await _server.SecureAsync(spec.Tls).ConfigureAwait(false) is { Count: > 0 } troubles)
            throw new IOException($"the gateway cannot serve https: {string.Join("; ", troubles)}");
        Follow(spec);
        var taken = await _server.ListenAsync(Wanted(published)).ConfigureAwait(false);
        if (taken.Count > 0)
            throw new IOException(
                $"the gateway cannot listen: {string.Join("; ", taken)}. End that program, or choose " +
                                  "another port under x-tangram.gateway.listen or ports");
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var observing = _clock.Time.CreateTimer(_ => Observe(), null, Event.Tick.Every, Event.Tick.Every);
        await _loop.RunAsync(cancellation).ConfigureAwait(false);
        await _opening.ConfigureAwait(false);
        await _starting.ConfigureAwait(false);
    }

    /// <summary>Gives up its lease, so that no move waits for it any more. Only after <see cref="RunAsync"/> has
    /// ended.</summary>
    public Task ResignAsync() => _loop.FinishAsync(_machine.Resign);

    private void Perform(Effect effect)
    {
        if (effect is Effect.Announce announce) _announce(announce.Subject, announce.What);
        if (effect is ShareRates told) _told = told;
        if (effect is not PublishRoutes publish) return;
        if (publish.State.EffectiveSpec is { } spec) Follow(spec);
        var table = RouteDeriver.Derive(publish.State, _server.Table);
        _server.Publish(table);
        if (_public) _server.Follow(publish.State.Acme);
        if (publish.State.EffectiveSpec is not null && table.ServesAll) _servesAll.TrySetResult();
        _opening = ListenAsync(_opening, Wanted(table.Published), _tls, table.AppliedRevision);
        Observe();
    }

    private async Task ListenAsync(Task before, IReadOnlyCollection<Listener> wanted, TlsSpec? tls,
        long revision)
    {
        await before.ConfigureAwait(false);
        foreach (var trouble in _public ? await _server.SecureAsync(tls).ConfigureAwait(false) : [])
            _announce(_name, trouble);
        foreach (var taken in await _server.ListenAsync(wanted).ConfigureAwait(false))
            _announce(_name, $"cannot listen: {taken}");
        Volatile.Write(ref _open, revision);
        Observe();
        if (_started) return;
        _started = true;
        // Beside what opens later.
        _starting = StartAsync();
    }

    private async Task StartAsync()
    {
        // Until then a gateway before us answers, or clients wait, which is better than "no backend".
        var warming = Warming.RunAsync(_clock.Time);
        await Task.WhenAny(_servesAll.Task, Task.Delay(StartTime, _clock.Time)).ConfigureAwait(false);
        await warming.ConfigureAwait(false);
        await _server.StartAsync().ConfigureAwait(false);
    }

    private void Follow(ClusterSpec spec)
    {
        (_listen, _tcp, _tls, _proxied) = (spec.GatewayListen, spec.GatewayTcp, spec.Tls, spec.AcceptProxy);
        _metrics = spec.GatewayMetrics;
        _server.Observe(spec.AccessLog, spec.TraceStart);
        _server.Limit(spec.GatewayLimits);
    }

    private static Listener Parsed(string url) =>
        Listener.Parse(url, out var wrong) ?? throw new IOException($"{url}: {wrong}");

    private List<Listener> Wanted(IEnumerable<Listener> published)
    {
        var wanted = new List<Listener>();
        if (_public)
        {
            wanted.AddRange(_listen.Select(url => Parsed(url) with { Proxied = _proxied }));
            wanted.AddRange(_tcp.GroupBy(spec => spec.Listen)
                .Select(same => Parsed(same.Key) with { Tcp = same.ToEquatableArray() }));
            wanted.AddRange(published);
            if (_metrics is { } metrics) wanted.Add(Parsed(metrics) with { Metrics = true });
        }
        if (_ports is not null)
            wanted.AddRange(_ports.All.Select(p => new Listener("127.0.0.1", p.Value, p.Key) { Internal = true }));
        return wanted;
    }

    private void Observe()
    {
        var table = _server.Table;
        var applied = Math.Min(table.AppliedRevision, Volatile.Read(ref _open));
        Post(new TrafficSeen(applied, _server.Busy, _server.Outcomes)
        {
            Rates = _rates.Look(table.Index.Limiters, _told?.Others, _server.Now),
            Troubles = _public ? _server.Troubles : [],
        });
    }
}
