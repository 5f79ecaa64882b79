using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;
using Tangram.Tests.Coordinating;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>The contract of every store, kept by a real etcd.</summary>
public sealed class EtcdStoreTests(OneEtcd etcd) : StoreContract, IClassFixture<OneEtcd>
{
    private protected override async Task<IStore> OpenAsync() => await etcd.OpenAsync();

    private protected override Task PassAsync(TimeSpan span) => Until.PassedAsync(span);

    public override async ValueTask DisposeAsync()
    {
        // So that no lease of this test takes keys, and a revision, in the middle of another.
        await CommitAsync(new StoreOp.DeletePrefix(""));
        await base.DisposeAsync();
    }
}
