using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing.Rules;
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
    private readonly SecuredBackends _secured;
    private readonly Mirrors _mirrors;
    private readonly ServiceProvider _services;
    private readonly SocketKeeper? _keeper;
    private readonly TlsFront? _tls;
    private readonly TcpRelay _relay;
    private readonly Departure _departure = new();
    private readonly CancellationTokenSource _ending = new();
    private Task _probing = Task.CompletedTask, _looking = Task.CompletedTask;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turning = new(1);
    private Task? _leaving;
    private bool _ended;

    /// <param name="seed">Of the chance by which backends are chosen.</param>
    /// <param name="keeper">Keeps the listening sockets for the next gateway. Null: they close with this one.</param>
    /// <param name="tls">Null: it never listens by https.</param>
    public GatewayServer(GatewayOptions options, TimeProvider time, ulong seed, SocketKeeper? keeper = null,
        TlsFront? tls = null)
    {
        (_options, _time, _keeper, _tls) = (options, time, keeper, tls);
        _routes = new Routes(time, seed);
        _relay = new TcpRelay(_routes, options, time);
        _listeners = new ListenerSet(keeper, _departure, time, _relay);
        _client = new BackendClient(options);
        _secured = new SecuredBackends(options, time, said => Said?.Invoke(said));
        _mirrors = new Mirrors(_routes, _client, _secured, time);
        _services = Services().BuildServiceProvider();
        _kestrel = new KestrelServer(Options.Create(KestrelOptions()), _listeners, NullLoggerFactory.Instance);
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
                new GatewayApplication(_routes, forwarder, _client, _secured, _mirrors, _options, _time, _tls);
            await _kestrel.StartAsync(application, cancellation).ConfigureAwait(false);
            await _listeners.StartAsync().ConfigureAwait(false);
            _probing = Task.WhenAll(new SilenceProbe(_routes, _options, _time).RunAsync(_ending.Token),
                new AppraisalLoop(_routes, _time).RunAsync(_ending.Token));
            if (_tls is not null) _looking = _tls.RunAsync(_ending.Token);
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
    public IReadOnlyList<string> Secure(TlsSpec? spec) => _tls?.Use(spec) ?? [];

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
        await relayed.ConfigureAwait(false);
        _kestrel.Dispose();
        await _ending.CancelAsync().ConfigureAwait(false);
        await _probing.ConfigureAwait(false);
        await _mirrors.DisposeAsync().ConfigureAwait(false);
        await _looking.ConfigureAwait(false);
        _client.Dispose();
        _secured.Dispose();
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
            if (one.ServiceType.Assembly == typeof(KestrelServer).Assembly) services.Add(one);
        return services;
    }

    private KestrelServerOptions KestrelOptions()
    {
        var kestrel = new KestrelServerOptions
        {
            ApplicationServices = _services,
            AddServerHeader = false,
            RequestHeaderEncodingSelector = _ => Encoding.Latin1,
            ResponseHeaderEncodingSelector = _ => Encoding.Latin1,
        };
        kestrel.Limits.KeepAliveTimeout = _options.KeepAlive;
        kestrel.Limits.MaxConcurrentConnections = OpenFiles.Quarter(_options.MostConnections);
        // Uploads and streams of any size and pace pass; the backend knows its own limits.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        var secure = _tls is null ? null : new TlsBranch(_tls, _options, _departure, _time);
        secure?.Listen(kestrel);
        new Http2Branch(_options, _departure, _time, secure).Listen(kestrel);
        return kestrel;
    }
}
