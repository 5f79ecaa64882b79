using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing.Http1;
using Tangram.Routing.Records;
using Tangram.Routing.Rules;
using Tangram.Routing.Strict;
using Tangram.Routing.Tcp;
using Tangram.Routing.Tls;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>The gateway: listens, and forwards by the table that was published last.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly Routes _routes;
    private readonly ListenerSet _listeners;
    private readonly KestrelServer _kestrel;
    private readonly BackendClient _client;
    private readonly ConnectionWatch _watch;
    private readonly SecuredBackends _secured;
    private readonly Detours _detours;
    private readonly Mirrors _mirrors;
    private readonly ServiceProvider _services;
    private readonly SocketKeeper? _keeper;
    private readonly TlsFront? _tls;
    private readonly TcpRelay _relay;
    private readonly GatewayLimits _limits;
    private readonly Departure _departure = new();
    private readonly Observation _observation;
    private readonly CancellationTokenSource _ending = new();
    private Task _probing = Task.CompletedTask, _looking = Task.CompletedTask;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turning = new(1);
    private Task? _leaving;
    private bool _ended;

    /// <param name="seed">Of the chance by which backends are chosen.</param>
    /// <param name="keeper">Keeps the listening sockets for the next gateway. Null: they close with this one.</param>
    /// <param name="tls">Null: it never listens by https.</param>
    /// <param name="log">It is this gateway's from now on. Null: it keeps none, whatever the file says.</param>
    public GatewayServer(GatewayOptions options, TimeProvider time, ulong seed, SocketKeeper? keeper = null,
        TlsFront? tls = null, AccessLog? log = null)
    {
        _observation = Observation.Here(log);
        (_options, _time, _keeper, _tls) = (options, time, keeper, tls);
        _watch = new ConnectionWatch(options, time);
        _secured = new SecuredBackends(options, time, said => Said?.Invoke(said));
        _detours = new Detours(time, Turn);
        _routes = new Routes(time, seed, _detours, () => new BackendPool(_watch, _secured, _detours, options, time));
        _relay = new TcpRelay(_routes, options, time);
        _client = new BackendClient(options);
        _mirrors = new Mirrors(_routes, _client, _secured, time);
        _services = Services().BuildServiceProvider();
        var pool = _services.GetRequiredService<IMemoryPoolFactory<byte>>().Create();
        _listeners = new ListenerSet(keeper, _departure, time, _relay, pool);
        var kestrel = KestrelOptions(out _limits);
        _kestrel = new KestrelServer(Options.Create(kestrel), _listeners, NullLoggerFactory.Instance);
    }

    public RouteTable Table => _routes.Table;

    /// <summary>The clock by which ejections are to be read.</summary>
    public Instant Now => _routes.Now;

    /// <summary>Draining replicas that still have requests in flight here; streams and WebSockets count.</summary>
    public EquatableArray<ReplicaName> Busy => _routes.Table.Busy().ToEquatableArray();

    public EquatableArray<Outcomes> Outcomes => _routes.Table.Outcomes().ToEquatableArray();

    /// <summary>Copies of requests for which there was no room.</summary>
    public long DroppedCopies => _mirrors.Dropped;

    /// <summary>A whole sentence for the events. Called on any thread.</summary>
    public event Action<string>? Said;

    /// <summary>A draining replica has nothing in flight any more. Called on a request's thread: return at
    /// once.</summary>
    public event Action<ReplicaName>? BecameIdle
    {
        add => _routes.BecameIdle += value;
        remove => _routes.BecameIdle -= value;
    }

    /// <summary>What people shall know: the service, and what happened to it.</summary>
    public event Action<string, string>? Told;

    /// <summary>Starts to answer. Call <see cref="ListenAsync"/> before, to know that its ports can be had: connections
    /// wait until the start. A gateway that has ended, as when it is told to while its first routes come, does not
    /// start.</summary>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        await _turning.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_ended) return;
            var forwarder = _services.GetRequiredService<IHttpForwarder>();
            var application =
                new GatewayApplication(_routes, forwarder, _client, _secured, _mirrors, _options, _time, _tls, _limits);
            var observed = new ObservedRequests(application, _routes, _observation, Metrics);
            await _kestrel.StartAsync(observed, cancellation).ConfigureAwait(false);
            await _listeners.StartAsync().ConfigureAwait(false);
            _probing = Task.WhenAll(new SilenceProbe(_routes, _options, _time).RunAsync(_ending.Token),
                new AppraisalLoop(_routes, _time, _options.Zone, (subject, what) => Told?.Invoke(subject, what))
                    .RunAsync(_ending.Token), _watch.RunAsync(_ending.Token));
            if (_tls is null) return;
            var http3 = new Http3Front(_tls, _listeners, _departure, _time, said => Said?.Invoke(said));
            _looking = Task.WhenAll(_tls.RunAsync(_ending.Token),
                http3.RunAsync(observed, _limits, _options.StopTime, _ending.Token));
        }
        finally
        {
            _turning.Release();
        }
    }

    /// <summary>Listens on exactly these from now on. Listeners that were open stay untouched; those that are no longer
    /// wanted take no new connections and close the open ones after their request. Returns what could not be
    /// opened.</summary>
    public Task<EquatableArray<TakenPort>> ListenAsync(IReadOnlyCollection<Listener> wanted) =>
        _listeners.SetAsync(wanted);

    /// <summary>What is shown on https addresses from now on; call it before they are opened. Returns what cannot be
    /// used, as sentences.</summary>
    public Task<IReadOnlyList<string>> SecureAsync(TlsSpec? spec) =>
        _tls?.UseAsync(spec) ?? Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>What is noted of requests from now on.</summary>
    public void Observe(AccessLogSpec? log, TraceStart start) => _observation.Use(log, start);

    /// <summary>All figures, in Prometheus' text format.</summary>
    public string Metrics() => GatewayMetrics.Text(_routes.Table, _observation.Figures, new GatewayGauges(
        Cli.CommandLine.Version, _departure.Open, _departure.Total, _relay.Open, _mirrors.Dropped), _routes.Now);

    /// <summary>What clients may send from now on; of open connections, some of it only on the next one.</summary>
    public void Limit(GatewayLimitsSpec limits) => _limits.Use(limits);

    /// <summary>What of it cannot be used now, as sentences.</summary>
    public EquatableArray<string> Troubles => _tls?.Troubles ?? [];

    /// <summary>Certificates that the cluster has ordered, and what an authority will ask for: in force when it
    /// returns.</summary>
    public void Follow(AcmeState acme) => _tls?.Follow(acme);

    /// <summary>The port that a listener really has (it may have asked for 0); null when it is not open.</summary>
    public Task<int?> PortAsync(Listener listener) => _listeners.PortAsync(listener);

    /// <summary>Requests from now on follow this table; <see cref="Busy"/> read afterwards misses no request that still
    /// followed an older one. Only one caller at a time.</summary>
    public void Publish(RouteTable table) => _routes.Publish(table);

    /// <summary>Done when a gateway after us has taken over the listening sockets and answers, or when it did not
    /// within this time.</summary>
    public Task SucceededAsync(TimeSpan within) => _keeper?.EndedAsync(within, _time) ?? Task.CompletedTask;

    /// <summary>For a gateway after us: lets clients go, at most for <see cref="GatewayOptions.LeaveTime"/>, then takes
    /// no new connections. Those that come wait for it; see <see cref="SocketKeeper.Patience"/>. What is in flight goes
    /// on until <see cref="DisposeAsync"/>. Every call returns the same task.</summary>
    public Task LeaveAsync() => LeaveAsync(_options.LeaveTime);

    /// <summary>For practice: connections to a replica go by way of this port of this machine, for so long; zero ends
    /// it. Null: done; else why not.</summary>
    public string? Detour(ReplicaName replica, int port, TimeSpan lasts)
    {
        if (lasts > TimeSpan.Zero && Table.All().All(backend => backend.Replica != replica))
            return $"no requests go to '{replica}'";
        _detours.Lead(replica, port, lasts);
        return null;
    }

    /// <summary>See <see cref="TlsFront.Expire"/>.</summary>
    public string? Expire(TimeSpan lasts) => _tls is null ? "it listens nowhere by https" : _tls.Expire(lasts);

    private void Turn(ReplicaName replica, string what)
    {
        _routes.Turn(replica);
        Told?.Invoke(replica.Value, what);
    }

    private Task LeaveAsync(TimeSpan atMost)
    {
        lock (_gate) return _leaving ??= LeaveOnceAsync(atMost);
    }

    /// <summary>The same when nobody comes after us: the ports are free.</summary>
    public async Task CloseAsync()
    {
        await LeaveAsync(_options.CloseTime).ConfigureAwait(false);
        _keeper?.End();
    }

    private async Task LeaveOnceAsync(TimeSpan atMost)
    {
        _departure.Begin();
        await LetClientsGoAsync(atMost).ConfigureAwait(false);
        await _listeners.CloseAsync().ConfigureAwait(false);
    }

    private Task LetClientsGoAsync(TimeSpan atMost) =>
        Task.WhenAny(_departure.EmptyAsync(), Task.Delay(atMost, _time));

    /// <summary>Leaves if it has not, waits for what is in flight, and cuts what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        await LeaveAsync().ConfigureAwait(false);
        // Who came meanwhile has perhaps not sent a request yet.
        await LetClientsGoAsync(_options.CloseTime).ConfigureAwait(false);
        // Kestrel takes the process down when it is started while it ends.
        await _turning.WaitAsync().ConfigureAwait(false);
        _ended = true;
        _turning.Release();
        using var patience = new CancellationTokenSource(_options.StopTime, _time);
        var relayed = _relay.EndAsync(_options.StopTime);
        await _kestrel.StopAsync(patience.Token).ConfigureAwait(false);
        _routes.Close();
        await relayed.ConfigureAwait(false);
        _kestrel.Dispose();
        await _ending.CancelAsync().ConfigureAwait(false);
        await _probing.ConfigureAwait(false);
        await _mirrors.DisposeAsync().ConfigureAwait(false);
        await _looking.ConfigureAwait(false);
        if (_observation.Log is { } log) await log.DisposeAsync().ConfigureAwait(false);
        _client.Dispose();
        _secured.Dispose();
        _detours.Dispose();
        await _services.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Kestrel's TLS asks for services that only its own registration knows.</summary>
    private static IServiceCollection Services()
    {
        IServiceCollection services = new ServiceCollection();
        services.AddLogging().AddMetrics().AddHttpForwarder();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        foreach (var one in builder.Services)
            if (one.ServiceType.Assembly == typeof(KestrelServer).Assembly
                || one.ServiceType == typeof(IMemoryPoolFactory<byte>)) services.Add(one);
        return services;
    }

    private KestrelServerOptions KestrelOptions(out GatewayLimits limits)
    {
        Strictness.DemandWholeLineEnds();
        var kestrel = new KestrelServerOptions
        {
            ApplicationServices = _services,
            AddServerHeader = false,
            // The target's host stands before the Host field (RFC 9112, 3.2.2).
            AllowHostHeaderOverride = true,
            RequestHeaderEncodingSelector = StrictText.Of,
            ResponseHeaderEncodingSelector = _ => Encoding.Latin1,
        };
        limits = new GatewayLimits(kestrel.Limits);
        limits.Use(new GatewayLimitsSpec());
        var secure = _tls is null ? null : new TlsBranch(_tls, _options, _departure, _time, _observation.Figures);
        secure?.Listen(kestrel);
        new Http2Branch(_options, _departure, _time, limits, secure).Listen(kestrel);
        return kestrel;
    }
}
