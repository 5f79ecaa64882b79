using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;
using Tangram.Coordinating.Link;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Planning;
using Tangram.Routing.Acme;

namespace Tangram.Deploying;

/// <summary>`tangram server`: stands for election, plans while it leads, takes commands, and gives agents and gateways
/// the store behind their rights. Composes these and owns their tasks; it decides nothing.</summary>
internal sealed class ServerHost : IRunningRole
{
    /// <summary>The least that etcd grants with its defaults: a dead leader is followed within 3 s.</summary>
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    private readonly StateFolder _folder;
    private readonly IStore _store;
    private readonly EventLog _events;
    private readonly StateWatch _watch;
    private readonly LeaderMachine _leader;
    private readonly MachineLoop _loop;
    private readonly AcmeLoop _acme;
    private readonly StoreFeed _feed;
    private readonly StoreContact _contact;
    private readonly FilesCourier _courier;
    private readonly RevisionFiles _files;
    private readonly RevisionMaker _maker;
    private readonly TrafficDesk _desk;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _tasks = [];
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkListener? _listener;
    private ApiServer? _api;

    private ServerHost(ServerOptions options, StateFolder folder, IStore store, EventLog events, RoleLink link,
        TimeProvider time)
    {
        (_folder, _store, _events) = (folder, store, events);
        var clock = new MonotonicClock(time);
        _feed = new StoreFeed(store, time);
        _desk = new TrafficDesk(time);
        _contact = new StoreContact(store, time, what => events.Add(options.Role.Name, what));
        _watch = new StateWatch(store, time);
        _files = new RevisionFiles(folder.Files);
        _courier = new FilesCourier(_files, link.Options, time);
        _maker = new RevisionMaker(_files, store, () => _watch.State);
        var self = new Term(options.Role.Name, $"{Environment.ProcessId}-{Guid.NewGuid():N}");
        _leader = new LeaderMachine(self.Leader, self.Id, Ttl);
        _acme = new AcmeLoop(self, store, clock, (subject, what) => events.Add(subject, what));
        _loop = new MachineLoop(_leader, store, clock, effect =>
        {
            if (effect is Effect.Announce announce) events.Add(announce.Subject, announce.What);
        });
        _watch.Listen(state => _loop.Post(new Event.StateChanged(state)));
        _watch.Listen(state => _acme.Post(new Event.StateChanged(state)));
    }

    public EventLog Events => _events;

    public Task Failed => Task.WhenAny(_tasks).Unwrap();

    public Task Left => _left.Task;

    public static async Task<ServerHost> StartAsync(ServerOptions options, TimeProvider time,
        Func<string, string?> variable, CancellationToken cancellation)
    {
        var role = options.Role;
        var folder = StateFolder.Open(role.StateRoot, role.Cluster);
        var events = EventLog.At(Path.Combine(folder.Path, "events.jsonl"), time);
        IStore? store = null;
        try
        {
            var link = new RoleLink(role, PeerRole.Server, time, (subject, what) => events.Add(subject, what));
            store = await OpenStoreAsync(options, folder, link, time, events).ConfigureAwait(false);
            var host = new ServerHost(options, folder, store, events, link, time);
            await host.RunAsync(options, link, time, variable, cancellation).ConfigureAwait(false);
            if (link.Warning is { } warning) events.Add(role.Name, warning);
            return host;
        }
        catch
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            events.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Ends this server; whoever leads or follows goes on elsewhere.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_api is not null) await _api.DisposeAsync().ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The lease is given up, so that the next leader need not wait for its end.
        await _loop.FinishAsync(_leader.Resign).ConfigureAwait(false);
        if (_listener is not null) await _listener.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _events.Dispose();
        _folder.Dispose();
        _ending.Dispose();
    }

    private async Task RunAsync(ServerOptions options, RoleLink link, TimeProvider time,
        Func<string, string?> variable, CancellationToken cancellation)
    {
        var hearer = new HearerDoor(link.Identity, message => _loop.Post(new Event.Heard(message)));
        var door = new ServerDoor(options.Role.Cluster, link.Identity, _store, _feed, _contact, _courier,
            new ClockWatch(time, (subject, what) => _events.Add(subject, what))) { Desk = _desk };
        _listener = await link.ListenAsync(options.Listen, hearer, door, cancellation).ConfigureAwait(false);
        _tasks.Add(_feed.RunAsync(_ending.Token));
        _tasks.Add(_contact.RunAsync(_ending.Token));
        _tasks.Add(_watch.RunAsync(_ending.Token));
        _tasks.Add(_loop.RunAsync(_ending.Token));
        _tasks.Add(_acme.RunAsync(_ending.Token));
        _tasks.Add(new ScheduleLoop(() => _watch.State, _loop.Post, time).RunAsync(_ending.Token));
        _tasks.Add(new Housekeeping(() => _watch.State, _files, logs: null, () => []).RunAsync(time,
            what => _events.Add(options.Role.Name, what), _ending.Token));
        _api = await ApiServer.StartAsync(Port(options.Role.Cluster, time),
            Cli.SocketPlace.ForDaemon(options.Role.StateRoot, options.Role.Cluster, variable), cancellation)
            .ConfigureAwait(false);
    }

    private ClusterPort Port(string cluster, TimeProvider time) => new()
    {
        Cluster = cluster, Store = _store, State = () => _watch.State, Events = _events, Clock = time,
        Listen = _watch.Listen, Stale = _contact.Stale, Traffic = _desk.All,
        Prepare = PrepareAsync,
        Kill = (_, _) => "only the virtual nodes of `tangram up` can be killed for practice",
        Revive = _ => "only the virtual nodes of `tangram up` can be revived",
        Down = () => _events.Add(cluster, "down was asked for: a cluster of several machines is not stopped by one " +
            "command; scale its services to 0, and stop the agents, gateways and servers"),
        Leave = () => _left.TrySetResult(),
        Hash = _maker.Look,
        Refusals = subject => [.. _leader.Waiting.Where(w => w.Service.Value == subject).Select(w => w.Because)],
    };

    /// <summary>The files are on most servers before anything is asked for.</summary>
    private async Task<(ClusterSpec? Prepared, string? Error)> PrepareAsync(ClusterSpec spec,
        CancellationToken cancellation)
    {
        if (spec.Drills.Count > 0)
            return (null, "x-tangram.drills is not honoured on several machines: drills break what one `tangram up` " +
                "runs. Delete it from the file");
        // Another server may have made them; without them all would look changed.
        foreach (var hash in _watch.State.EffectiveSpec?.GrantsHashes ?? [])
            await _courier.TryFetchAsync(hash, cancellation).ConfigureAwait(false);
        var (prepared, error) = await _maker.KeepAsync(spec, cancellation).ConfigureAwait(false);
        if (prepared is null) return (null, error);
        var hashes = prepared.Hashes.Distinct().ToArray();
        var trouble = await _courier.SpreadAsync(hashes, cancellation).ConfigureAwait(false);
        return trouble is null ? (prepared, null) : (null, trouble);
    }

    private static async Task<IStore> OpenStoreAsync(ServerOptions options, StateFolder folder, RoleLink link,
        TimeProvider time, EventLog events)
    {
        if (options.Etcd.Count == 0)
        {
            if (options.Role.Servers.Count > 1)
                throw new IOException("several servers agree through etcd: give --etcd URL[,URL…], or one server only");
            return await SqliteStore.OpenAsync(Path.Combine(folder.Store, "store.db"), time).ConfigureAwait(false);
        }
        var tls = link.Folder is { } files
            ? new EtcdTls(files.CaFile, files.CertificateFile, files.KeyFile)
            : null;
        // Without TLS etcd's client itself refuses all but loopback.
        var etcd = new EtcdStore(new EtcdOptions([.. options.Etcd])
        {
            KeyPrefix = $"/tangram/{options.Role.Cluster}/",
            Tls = options.Etcd.Any(e => e.StartsWith("https", StringComparison.Ordinal)) ? tls : null,
        }, time);
        await etcd.CommitAsync(new Txn()).ConfigureAwait(false);
        foreach (var warning in etcd.Warnings) events.Add(options.Role.Name, warning);
        return etcd;
    }
}
