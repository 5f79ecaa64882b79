using Tangram.Coordinating.Etcd;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>A single etcd for all tests of a class; each uses a prefix of its own.</summary>
public sealed class OneEtcd : IAsyncLifetime
{
    private EtcdCluster? _cluster;

    public EtcdCluster Cluster => _cluster!;

    public async ValueTask InitializeAsync() => _cluster = await EtcdCluster.StartAsync();

    internal Task<EtcdStore> OpenAsync() => EtcdStore.OpenAsync(Cluster.Fresh(), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
    }
}
