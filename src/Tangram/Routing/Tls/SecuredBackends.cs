using System.Collections.Concurrent;
using Tangram.Model;

namespace Tangram.Routing.Tls;

/// <summary>The clients towards backends that speak TLS: one for each way to do so.</summary>
/// <param name="say">Takes whole sentences for the events.</param>
internal sealed class SecuredBackends(GatewayOptions options, TimeProvider time, Action<string> say) : IDisposable
{
    private readonly ConcurrentDictionary<BackendTlsSpec, Lazy<BackendClient>> _clients = [];

    /// <summary>Null: without TLS. Two revisions of one service may differ.</summary>
    public BackendClient? For(Backend backend) => backend.Tls is not { } tls ? null
        : _clients.GetOrAdd(tls, static (spec, of) => new Lazy<BackendClient>(() => of.New(spec)), this).Value;

    public void Dispose()
    {
        foreach (var client in _clients.Values)
            if (client.IsValueCreated) client.Value.Dispose();
    }

    private BackendClient New(BackendTlsSpec spec)
    {
        var connector = new BackendConnector(spec, time, say);
        return BackendClient.Through(options, connector.ConnectAsync);
    }
}
