using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Routing;
using Tangram.Routing.Records;

namespace Tangram.Deploying;

/// <summary>`tangram agent`: runs what its node is assigned, tells servers and neighbours that it lives, and carries
/// calls between services. Ending it leaves the replicas running, and the next one adopts them.</summary>
internal sealed class AgentHost : IRunningRole
{
    /// <summary>Two writes; a store that is slower is not waited for.</summary>
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly StateFolder _folder;
    private readonly EventLog _events;
    private readonly MonotonicClock _clock;
    private readonly Poller _poller = new();
    private readonly LinkStore _store;
    private readonly StateWatch _watch;
    private readonly NodeServices _services;
    private readonly NodeAgent _agent;
    private readonly Heartbeats _heartbeats;
    private readonly GatewayServer _gatewayServer;
    private readonly GatewayLoop _gateway;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _tasks = [];
    private LinkListener? _listener;
    private bool _forGood;

    private AgentHost(AgentOptions options, StateFolder folder, EventLog events, RoleLink link, TimeProvider time)
    {
        (_folder, _events, _clock) = (folder, events, new MonotonicClock(time));
        void Announce(string subject, string what) => events.Add(subject, what);
        var role = options.Role;
        _store =
            new LinkStore(new ServerLink(link.Options, time, what => Announce(role.Name, what)), link.Options, time);
        _watch = new StateWatch(_store, time, new StateCopy(folder.Known, what => Announce(role.Name, what)),
            StateWatch.RecallAfter);
        _heartbeats = new Heartbeats(link.Options, time, () => _watch.State);
        var ports = new PortAllocator(role.Cluster);
        var files = new RevisionFiles(folder.Files);
        _services = new NodeServices(folder, _store, _clock, ports, _poller, new LogFiles(folder.Logs),
            Cgroups.Detect(role.Cluster), files, new Prober(time), new HealthChecker(folder.ClusterId, _poller, time),
            new ServicePorts(folder.Path, ports), Announce)
        {
            Fetch = new FilesCourier(files, link.Options, time).TryFetchAsync,
        };
        var place = new NodeIdentity(NodeName.Of(role.Name), options.Zone, options.Labels, options.Capacity,
            Incarnation: 0, options.Address, options.Listen.ToString(), folder.ClusterId);
        _agent = new NodeAgent(_services, place, ClusterHost.Ttl, _heartbeats.Send);
        _gatewayServer = new GatewayServer(
            GatewayOptions.OfRole with { Zone = options.Zone }, time, (ulong)time.GetTimestamp(),
            new SocketKeeper(folder.ClusterId, role.Cluster, what => Announce(role.Name, what)), tls: null,
            new AccessLog(folder.Path, time, what => Announce(role.Name, what)));
        _gateway = new GatewayLoop(role.Name, _gatewayServer, listen: null, _store, _clock, _services.ServicePorts,
            Announce, folder.ClusterId);
    }

    public EventLog Events => _events;

    public Task Failed => Task.WhenAny(_tasks).Unwrap();

    public static async Task<AgentHost> StartAsync(AgentOptions options, TimeProvider time,
        CancellationToken cancellation)
    {
        var folder = StateFolder.Open(options.Role.StateRoot, options.Role.Cluster);
        var events = EventLog.At(Path.Combine(folder.Path, "events.jsonl"), time);
        try
        {
            var link = new RoleLink(options.Role, PeerRole.Agent, time, (subject, what) => events.Add(subject, what));
            var host = new AgentHost(options, folder, events, link, time);
            await host.RunAsync(options, link, cancellation).ConfigureAwait(false);
            if (link.Warning is { } warning) events.Add(options.Role.Name, warning);
            return host;
        }
        catch
        {
            events.Dispose();
            folder.Dispose();
            throw;
        }
    }

    public Task CloseAsync()
    {
        _forGood = true;
        return _gatewayServer.CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _gatewayServer.LeaveAsync().ConfigureAwait(false);
        if (!_forGood) await _agent.LeaveAsync(Goodbye).ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        _agent.Leave();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _gatewayServer.DisposeAsync().ConfigureAwait(false);
        await _heartbeats.DisposeAsync().ConfigureAwait(false);
        if (_listener is not null) await _listener.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _poller.Dispose();
        _events.Dispose();
        _folder.Dispose();
        _ending.Dispose();
    }

    private async Task RunAsync(AgentOptions options, RoleLink link, CancellationToken cancellation)
    {
        var hearer = new HearerDoor(link.Identity, message => _agent.Post(new Event.Heard(message)));
        _listener = await link.ListenAsync(options.Listen, hearer, server: null, cancellation).ConfigureAwait(false);
        var orphans = Orphans.End(_folder.ClusterId, _agent.Running);
        if (orphans > 0) _services.Announce(options.Role.Name, $"ended {orphans} processes that no record names");
        var ports = new Announcer(_clock.Time, what => _services.Announce(options.Role.Name, what));
        _watch.Listen(state =>
        {
            if (state.EffectiveSpec is { } spec) Ensure(spec, ports);
            _agent.Post(new Event.StateChanged(state));
            _gateway.Post(new Event.StateChanged(state));
        });
        _tasks.Add(_watch.RunAsync(_ending.Token));
        _tasks.Add(_agent.RunAsync());
        _tasks.Add(_gateway.RunAsync(_ending.Token));
        _tasks.Add(_services.Logs.RunAsync(_clock.Time, what => _services.Announce("logs", what), _ending.Token));
        _tasks.Add(new Housekeeping(() => _watch.State, _services.Files, _services.Logs, () => _agent.Running).RunAsync(
            _clock.Time, what => _services.Announce(options.Role.Name, what), _ending.Token));
    }

    private void Ensure(ClusterSpec spec, Announcer trouble)
    {
        try
        {
            _services.ServicePorts.Ensure(spec.Services.Select(s => s.Name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            trouble.Say($"the addresses for calls between services could not be kept ({e.Message}): should this " +
                        "agent be restarted before there is room, replicas that run would not reach a new service");
        }
    }
}
