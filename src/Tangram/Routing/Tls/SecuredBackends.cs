using System.Collections.Concurrent;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>How backends that speak TLS are reached: one of it for each way to do so.</summary>
/// <param name="say">Takes whole sentences for the events.</param>
internal sealed class SecuredBackends(GatewayOptions options, TimeProvider time, Action<string> say) : IDisposable
{
    private readonly ConcurrentDictionary<BackendTlsSpec, Lazy<Way>> _ways = [];

    private sealed record Way(BackendConnector Connector, BackendClient Client);

    /// <summary>For streams. Null: without TLS. Two revisions of one service may differ.</summary>
    public BackendClient? For(Backend backend) => Find(backend)?.Client;

    /// <summary>For connections of our own. Null: without TLS.</summary>
    public BackendConnector? ConnectorFor(Backend backend) => Find(backend)?.Connector;

    public void Dispose()
    {
        foreach (var way in _ways.Values)
            if (way.IsValueCreated) way.Value.Client.Dispose();
    }

    private Way? Find(Backend backend) => backend.Tls is not { } tls ? null
        : _ways.GetOrAdd(tls, static (spec, of) => new Lazy<Way>(() => of.New(spec)), this).Value;

    private Way New(BackendTlsSpec spec)
    {
        var connector = new BackendConnector(spec, time, say);
        return new Way(connector, BackendClient.Through(options, connector.ConnectAsync));
    }
}
