using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Acme;
using Tangram.Routing.Records;
using Tangram.Routing.Tls;

namespace Tangram.Deploying;

/// <summary>A whole cluster on this machine, in one process: the store, a server, the virtual nodes' agents and the
/// gateway. Composes them and owns their tasks; it decides nothing.</summary>
internal sealed class ClusterHost : IAsyncDisposable
{
    /// <summary>Three seconds: a lease survives two lost renewals, and a dead holder is replaced in time.</summary>
    public static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);

    /// <summary>Letting clients go takes a second, and so do those who follow the events.</summary>
    private static readonly TimeSpan LongestLeave = TimeSpan.FromSeconds(10);

    private const string GatewayName = "gateway-1";

    private readonly StateFolder _folder;
    private readonly SqliteStore _store;
    private readonly MonotonicClock _clock;
    private readonly Poller _poller = new();
    private readonly StateWatch _watch;
    private readonly NodeServices _services;
    private readonly VirtualNodes _nodes;
    private readonly LeaderMachine _leader;
    private readonly MachineLoop _server;
    private readonly AcmeLoop _acme;
    private readonly GatewayServer _gatewayServer;
    private readonly GatewayLoop _gateway;
    private readonly CancellationTokenSource _leading = new();
    private readonly CancellationTokenSource _serving = new();
    private readonly List<Task> _tasks = [];
    private Task _led = Task.CompletedTask;
    private bool _gatewayGone, _stateGone;

    private ClusterHost(StateFolder folder, SqliteStore store, GatewayServer gateway, ClusterSpec spec,
        MonotonicClock clock, Action<string, string> announce)
    {
        (_folder, _store, _gatewayServer, _clock) = (folder, store, gateway, clock);
        _watch = new StateWatch(store, clock.Time);
        var ports = new PortAllocator(spec.Name);
        _services = new NodeServices(folder, store, clock, ports, _poller, new LogFiles(folder.Logs),
            Cgroups.Detect(spec.Name), new RevisionFiles(folder.Files), new Prober(clock.Time),
            new HealthChecker(folder.ClusterId, _poller, clock.Time), new ServicePorts(folder.Path, ports), announce);
        _nodes = new VirtualNodes(_services, _watch, Send);
        var self = new Term("server-1", $"{Environment.ProcessId}-{Guid.NewGuid():N}");
        _leader = new LeaderMachine(self.Leader, self.Id, Ttl);
        _acme = new AcmeLoop(self, store, clock, announce);
        _server = new MachineLoop(_leader, store, clock, Perform);
        _gateway = new GatewayLoop(GatewayName, gateway, spec.GatewayListen, store, clock,
            _services.ServicePorts, announce);
    }

    public IStore Store => _store;
    public ClusterState State => _watch.State;
    public VirtualNodes Nodes => _nodes;
    public LogFiles Logs => _services.Logs;
    public void Listen(Action<ClusterState> listener) => _watch.Listen(listener);

    /// <summary>What the replicas use now.</summary>
    public IReadOnlyDictionary<string, Observing.ReplicaReading> Readings() =>
        ReplicaReadings.Of(_nodes.Replicas, _gatewayServer.Table, _gatewayServer.Now);

    /// <summary>What its gateway has counted.</summary>
    public Observing.GatewayTrafficView Traffic() => Observing.TrafficReadings.Of(
        GatewayName, _gatewayServer.Table, _gatewayServer.Now, _clock.Time.GetUtcNow());
    public string Metrics() => _gatewayServer.Metrics();
    /// <summary>What the gateway here says of a service, in sentences.</summary>
    public IReadOnlyList<string> OfGateway(string service) =>
        Names.IsValid(service) && _gatewayServer.Table.Find(ServiceName.Of(service)) is { } routed
            ? [.. ZoneWords.Of(routed).Append(routed.Counters.Degrade.Sentence ?? "").Where(said => said != "")] : [];

    /// <summary>See <see cref="GatewayServer.Detour"/>.</summary>
    public string? Detour(ReplicaName replica, int port, TimeSpan lasts) =>
        _gatewayServer.Detour(replica, port, lasts);

    /// <summary>See <see cref="Routing.Tls.TlsFront.Expire"/>.</summary>
    public string? Expire(TimeSpan lasts) => _gatewayServer.Expire(lasts);

    public RevisionFiles Files => _services.Files;

    /// <summary>What the leader cannot do now, and why.</summary>
    public EquatableArray<Planning.Waiting> Waiting => _leader.Waiting;

    /// <summary>A task of the cluster has failed: the process must end, and its replicas live on.</summary>
    public Task Failed => Task.WhenAny(_tasks).Unwrap();

    /// <summary>Opens what the spec's cluster left on this machine, adopts the replicas that still run, and starts.
    /// Throws
    /// <see cref="IOException"/> with a whole sentence when the state is in use or an address is taken.</summary>
    public static async Task<ClusterHost> StartAsync(UpRequest request, TimeProvider time,
        Action<string, string> announce)
    {
        var (root, spec, begun) = (request.StateRoot, request.Spec, time.GetTimestamp());
        while (request.Replaces && StateFolder.IsHeld(root, spec.Name) && time.GetElapsedTime(begun) < LongestLeave)
            await Task.Delay(TimeSpan.FromMilliseconds(10), time).ConfigureAwait(false);
        var folder = StateFolder.Open(root, spec.Name);
        SqliteStore? store = null;
        try
        {
            store = await SqliteStore.OpenAsync(Path.Combine(folder.Store, "store.db"), time).ConfigureAwait(false);
            await EndFormerLeasesAsync(store).ConfigureAwait(false);
            var clock = new MonotonicClock(time);
            var keeper = new SocketKeeper(folder.ClusterId, spec.Name, what => announce(GatewayName, what));
            var gateway = new GatewayServer(new GatewayOptions(), time, (ulong)time.GetTimestamp(), keeper,
                new TlsFront(folder.Tls, spec.Name, time, what => announce(GatewayName, what),
                    new TlsSecrets(new RevisionFiles(folder.Files), time)),
                new AccessLog(folder.Path, time, what => announce(GatewayName, what)));
            var host = new ClusterHost(folder, store, gateway, spec, clock, announce);
            await host.StartAsync(spec).ConfigureAwait(false);
            return host;
        }
        catch
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            folder.Dispose();
            throw;
        }
    }

    /// <summary>This process holds the state folder, so whoever held these leases is gone: nobody need wait for them.
    /// Except for singletons, which may have outlived their agent: the end of its lease lets others start.</summary>
    private static async Task EndFormerLeasesAsync(SqliteStore store)
    {
        var range = await store.RangeAsync("").ConfigureAwait(false);
        var waits = Singletons.Nodes(ClusterState.From(range)).Select(Keys.Seen).ToHashSet();
        foreach (var lease in range.Pairs.Where(p => !waits.Contains(p.Key)).Select(p => p.Lease).Where(l => l != 0)
            .Distinct())
            await store.RevokeAsync(lease).ConfigureAwait(false);
    }

    private async Task StartAsync(ClusterSpec spec)
    {
        _services.ServicePorts.Ensure(spec.Services.Select(s => s.Name));
        var tls = await new RevisionMaker(Files, _store, () => State).KeepTlsAsync(spec, _serving.Token)
            .ConfigureAwait(false);
        await _gateway.OpenAsync(spec with { Tls = tls }).ConfigureAwait(false);
        var agents = _nodes.Prepare(spec);
        var orphans = Orphans.End(_folder.ClusterId, [.. agents.SelectMany(a => a.Running)]);
        if (orphans > 0) _services.Announce("cluster", $"ended {orphans} processes that no record names");
        _watch.Listen(Follow);
        _watch.Listen(state => _server.Post(new Event.StateChanged(state)));
        _watch.Listen(state => _acme.Post(new Event.StateChanged(state)));
        _watch.Listen(state => _gateway.Post(new Event.StateChanged(state)));
        foreach (var agent in agents) _nodes.Start(agent);
        _tasks.Add(_watch.RunAsync(_serving.Token));
        _tasks.Add(_gateway.RunAsync(_serving.Token));
        _tasks.Add(_services.Logs.RunAsync(_clock.Time, what => _services.Announce("logs", what), _serving.Token));
        _tasks.Add(new Housekeeping(() => State, Files, Logs, () => _nodes.Replicas).RunAsync(_clock.Time,
            what => _services.Announce("cluster", what), _serving.Token));
        _tasks.Add(new ScheduleLoop(() => State, _server.Post, _clock.Time).RunAsync(_leading.Token));
        _tasks.Add(_acme.RunAsync(_leading.Token));
        _led = _server.RunAsync(_leading.Token);
        _tasks.Add(_led);
    }

    /// <summary>A revision may bring services and nodes that were not there before.</summary>
    private void Follow(ClusterState state)
    {
        foreach (var spec in state.Revisions.Values.Select(r => r.Spec).TakeLast(2))
        {
            _services.ServicePorts.Ensure(spec.Services.Select(s => s.Name));
            foreach (var agent in _nodes.Prepare(spec)) _nodes.Start(agent);
        }
    }

    private void Send(Effect.Send message)
    {
        if (message.To is null) _server.Post(new Event.Heard(message.Message));
        else _nodes.Deliver(message);
    }

    private void Perform(Effect effect)
    {
        if (effect is Effect.Announce announce) _services.Announce(announce.Subject, announce.What);
    }

    /// <summary>Ends the cluster in order: no more plans, no more new requests, then every replica.</summary>
    public async Task StopClusterAsync(CancellationToken atOnce)
    {
        await _leading.CancelAsync().ConfigureAwait(false);
        await _led.ConfigureAwait(false);
        await CloseGatewayAsync().WaitAsync(atOnce).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _gatewayGone = true;
        await _nodes.StopAllAsync(atOnce).ConfigureAwait(false);
    }

    private async Task CloseGatewayAsync()
    {
        await _gatewayServer.CloseAsync().ConfigureAwait(false);
        await _gatewayServer.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Gives the state to another daemon; the gateway answers by its last routes until the other's does, at
    /// most for <see cref="SocketKeeper.Patience"/>. Dispose it then.</summary>
    public async Task HandOverAsync()
    {
        await LetGoOfStateAsync().ConfigureAwait(false);
        await _gatewayServer.SucceededAsync(SocketKeeper.Patience).ConfigureAwait(false);
    }

    /// <summary>Lets go of everything; replicas that run go on running, and connections that come wait for the next
    /// daemon.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_gatewayGone) await _gatewayServer.DisposeAsync().ConfigureAwait(false);
        await LetGoOfStateAsync().ConfigureAwait(false);
        _leading.Dispose();
        _serving.Dispose();
    }

    private async Task LetGoOfStateAsync()
    {
        if (_stateGone) return;
        _stateGone = true;
        await _leading.CancelAsync().ConfigureAwait(false);
        await _serving.CancelAsync().ConfigureAwait(false);
        await _nodes.LeaveAsync().ConfigureAwait(false);
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _store.DisposeAsync().ConfigureAwait(false);
        _poller.Dispose();
        _folder.Dispose();
    }
}
