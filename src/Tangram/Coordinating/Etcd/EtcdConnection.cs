using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Grpc.Net.Client;

namespace Tangram.Coordinating.Etcd;

/// <summary>One connection to one member that has shown that it can serve, and is asked again and again whether it
/// still can. When it cannot, it is lost: all that is in flight fails at once, and it is never used again.</summary>
internal sealed class EtcdConnection : IAsyncDisposable
{
    /// <summary>A list of 100,000 replicas' documents is far below it.</summary>
    private const int MostReceivedBytes = 512 << 20;

    /// <summary>With it, a member that knows no leader refuses instead of waiting for one.</summary>
    private static readonly Metadata RequireLeader = new() { { "hasleader", "true" } };

    private readonly GrpcChannel _channel;
    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private Task _probing = Task.CompletedTask;

    private EtcdConnection(string endpoint, EtcdOptions options, TimeProvider time)
    {
        (Endpoint, _options, _time) = (endpoint, options, time);
        _channel = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
        {
            HttpHandler = Handler(options),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MostReceivedBytes,
            MaxSendMessageSize = null,
        });
        Kv = new Wire.KV.KVClient(_channel);
        Watch = new Wire.Watch.WatchClient(_channel);
        Lease = new Wire.Lease.LeaseClient(_channel);
    }

    public string Endpoint { get; }
    public Wire.KV.KVClient Kv { get; }
    public Wire.Watch.WatchClient Watch { get; }
    public Wire.Lease.LeaseClient Lease { get; }
    public ulong ClusterId { get; private set; }
    public string Version { get; private set; } = "";
    public bool IsLost => _lost.IsCancellationRequested;

    /// <summary>Why it was lost.</summary>
    public string Loss { get; private set; } = "";

    public static CallOptions Call(CancellationToken cancellation) =>
        new(RequireLeader, cancellationToken: cancellation);

    /// <summary>Connects, reads the version, and makes one linearizable read. Throws
    /// <see cref="StoreConnectionException"/> when that fails.</summary>
    public static async Task<EtcdConnection> OpenAsync(
        string endpoint, EtcdOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var connection = new EtcdConnection(endpoint, options, time);
        using var patience = new CancellationTokenSource(options.OpenPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await connection.GreetAsync(either.Token);
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (!EtcdFault.Expected(e)) throw;
            throw new StoreConnectionException(Reason(endpoint, patience.IsCancellationRequested, options, e), e);
        }
    }

    /// <summary>Begins to watch over it. <paramref name="failed"/> is called once, when it no longer serves.</summary>
    public void Guard(Action<EtcdConnection, string> failed) => _probing = GuardAsync(failed);

    /// <summary>Fails all that is in flight. Calls that etcd had received may still happen there.</summary>
    public void Lose(string why)
    {
        lock (_lost)
        {
            if (IsLost) return;
            Loss = $"{Endpoint}: {why}";
            _lost.Cancel();
        }
        _channel.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Lose("closed");
        await _probing;
    }

    private async Task GreetAsync(CancellationToken cancellation)
    {
        var maintenance = new Wire.Maintenance.MaintenanceClient(_channel);
        var status = await maintenance.StatusAsync(new Wire.StatusRequest(), Call(cancellation));
        (Version, ClusterId) = (status.Version, status.Header?.ClusterId ?? 0);
        // A version that we refuse need not answer anything else.
        if (EtcdVersion.Judge(Endpoint, status.Version).Refusal is { } refusal)
            throw new StoreConnectionException(refusal);
        await ProbeAsync(cancellation);
    }

    private async Task GuardAsync(Action<EtcdConnection, string> failed)
    {
        await Task.Yield();
        while (!IsLost)
        {
            using var patience = new CancellationTokenSource(_options.ProbePatience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token, patience.Token);
            try
            {
                await ProbeAsync(either.Token);
                await Task.Delay(_options.ProbeEvery, _time, _lost.Token);
            }
            catch (Exception e) when (EtcdFault.Expected(e))
            {
                if (!IsLost) failed(this, patience.IsCancellationRequested ? "it does not answer" : EtcdFault.Words(e));
            }
        }
    }

    private async Task ProbeAsync(CancellationToken cancellation)
    {
        var nothing = new EtcdKeys(_options.KeyPrefix).Key("\0");
        await Kv.RangeAsync(new Wire.RangeRequest { Key = nothing, CountOnly = true }, Call(cancellation));
    }

    private static string Reason(string endpoint, bool late, EtcdOptions options, Exception e)
    {
        if (late) return $"{endpoint} did not answer within {options.OpenPatience.TotalSeconds} s";
        var hint = (options.Tls, EtcdFault.Cause(e)) switch
        {
            // Who closes on our first words may have expected others; other trouble of the network speaks for itself.
            (_, SocketException { SocketErrorCode: not SocketError.ConnectionReset } or StoreConnectionException) => "",
            (null, _) => " (is that etcd, and without TLS?)",
            ({ CaFile: { } ca }, AuthenticationException) => $" (is that etcd, with TLS, and is '{ca}' its authority?)",
            ({ CertificateFile: null }, _) => " (does it want a client certificate? None is given)",
            ({ } tls, _) => $" (does it accept the certificate '{tls.CertificateFile}'?)",
        };
        return $"{endpoint}: {EtcdFault.Words(e)}{hint}";
    }

    private static SocketsHttpHandler Handler(EtcdOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.OpenPatience,
            // One connection is one fate: what the probe learns holds for every call and watch.
            EnableMultipleHttp2Connections = false,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            UseCookies = false,
        };
        if (options.Tls is { } tls) handler.SslOptions = tls.Read();
        return handler;
    }
}
