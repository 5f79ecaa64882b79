using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;

namespace Tangram.ClusterTests.Coordinating;

public sealed class EtcdTlsTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new("etcd"), _other = new("other");
    private EtcdCluster _etcd = null!;

    public async ValueTask InitializeAsync() => _etcd = await EtcdCluster.StartAsync(new EtcdClusterOptions
    {
        Tls = _authority.Issue("member"),
    });

    public async ValueTask DisposeAsync()
    {
        await _etcd.DisposeAsync();
        _authority.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task With_the_right_certificates_all_is_well()
    {
        var own = _authority.Issue("server");
        await using var store = await OpenAsync(new EtcdTls(own.Ca, own.Certificate, own.Key));
        var answer = await store.CommitAsync(new Txn { Then = [new StoreOp.Put("a", "1")] });
        Assert.Equal(StoreStatus.Ok, answer.Status);
        Assert.Equal("1", (await store.RangeAsync("")).Pairs[0].Value);
    }

    [Fact]
    public async Task Without_a_certificate_the_reason_is_said()
    {
        var said = await Refused(new EtcdTls(_authority.CaFile));
        Assert.Contains("does it want a client certificate?", said);
    }

    [Fact]
    public async Task With_a_certificate_of_another_authority_the_reason_is_said()
    {
        var foreign = _other.Issue("server");
        var said = await Refused(new EtcdTls(_authority.CaFile, foreign.Certificate, foreign.Key));
        Assert.Contains($"does it accept the certificate '{foreign.Certificate}'?", said);
    }

    [Fact]
    public async Task An_etcd_that_another_authority_vouches_for_is_not_trusted()
    {
        var own = _authority.Issue("server");
        var said = await Refused(new EtcdTls(_other.CaFile, own.Certificate, own.Key));
        Assert.Contains("certificate", said);
        Assert.Contains(_etcd.Endpoints[0], said);
    }

    [Fact]
    public async Task A_file_that_cannot_be_used_is_named()
    {
        var own = _authority.Issue("server");
        Assert.Contains("/none/ca.crt", await Refused(new EtcdTls("/none/ca.crt", own.Certificate, own.Key)));
        Assert.Contains(own.Key, await Refused(new EtcdTls(own.Ca, own.Key, own.Certificate)));
    }

    private async Task<string> Refused(EtcdTls tls)
    {
        var refused = await Assert.ThrowsAsync<StoreConnectionException>(() => OpenAsync(tls));
        TestContext.Current.SendDiagnosticMessage(refused.Message);
        return refused.Message;
    }

    private Task<EtcdStore> OpenAsync(EtcdTls tls) =>
        EtcdStore.OpenAsync(_etcd.Fresh() with { Tls = tls, CallTimeout = TimeSpan.FromSeconds(2) },
            TimeProvider.System);
}
