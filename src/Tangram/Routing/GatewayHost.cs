using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Routing.Records;
using Tangram.Routing.Tls;

namespace Tangram.Routing;

/// <summary>`tangram gateway`: takes requests from outside at the addresses that the file names, and sends them to
/// replicas on any machine. It keeps its last routes when no server answers.</summary>
internal sealed class GatewayHost : IRunningRole
{
    private readonly StateFolder _folder;
    private readonly EventLog _events;
    private readonly LinkStore _store;
    private readonly StateWatch _watch;
    private readonly GatewayServer _server;
    private readonly GatewayLoop _loop;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _tasks = [];

    private GatewayHost(GatewayRoleOptions options, StateFolder folder, EventLog events, RoleLink link,
        TimeProvider time)
    {
        var role = options.Role;
        (_folder, _events) = (folder, events);
        void Announce(string subject, string what) => events.Add(subject, what);
        _store =
            new LinkStore(new ServerLink(link.Options, time, what => Announce(role.Name, what)), link.Options, time);
        _watch = new StateWatch(_store, time, new StateCopy(folder.Known, what => Announce(role.Name, what)),
            StateWatch.RecallSoon);
        var files = new RevisionFiles(folder.Files);
        _server = new GatewayServer(
            GatewayOptions.OfRole with { Zone = options.Zone }, time, (ulong)time.GetTimestamp(),
            new SocketKeeper(folder.ClusterId, role.Cluster, what => Announce(role.Name, what)),
            new TlsFront(folder.Tls, role.Cluster, time, what => Announce(role.Name, what),
                new TlsSecrets(files, time) { Fetch = new FilesCourier(files, link.Options, time).TryFetchAsync }),
            new AccessLog(folder.Path, time, what => Announce(role.Name, what)));
        _loop = new GatewayLoop(role.Name, _server, EquatableArray.Create<string>([]), _store, new MonotonicClock(time),
            ports: null, Announce, folder.ClusterId);
        _watch.Listen(state => _loop.Post(new Event.StateChanged(state)));
        _tasks.Add(new Housekeeping(() => _watch.State, files, logs: null, () => []).RunAsync(time,
            what => Announce(role.Name, what), _ending.Token));
    }

    public EventLog Events => _events;

    public Task Failed => Task.WhenAny(_tasks).Unwrap();

    public static Task<GatewayHost> StartAsync(GatewayRoleOptions options, TimeProvider time)
    {
        var role = options.Role;
        var folder = StateFolder.Open(role.StateRoot, role.Cluster);
        var events = EventLog.At(Path.Combine(folder.Path, "events.jsonl"), time);
        try
        {
            var link = new RoleLink(role, PeerRole.Gateway, time, (subject, what) => events.Add(subject, what));
            var host = new GatewayHost(options, folder, events, link, time);
            host._tasks.Add(host._watch.RunAsync(host._ending.Token));
            host._tasks.Add(host._loop.RunAsync(host._ending.Token));
            host._tasks.Add(new TrafficReports(link.Options, time, () => TrafficReadings.Of(role.Name,
                host._server.Table, host._server.Now, time.GetUtcNow())).RunAsync(host._ending.Token));
            if (link.Warning is { } warning) events.Add(role.Name, warning);
            return Task.FromResult(host);
        }
        catch
        {
            events.Dispose();
            folder.Dispose();
            throw;
        }
    }

    public Task CloseAsync() => _server.CloseAsync();

    /// <summary>Takes no new requests, waits for those in flight, and gives up its lease, so that no move waits for
    /// it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _loop.ResignAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _events.Dispose();
        _folder.Dispose();
        _ending.Dispose();
    }
}
