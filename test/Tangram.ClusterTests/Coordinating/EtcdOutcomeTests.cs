using System.Net;
using System.Net.Sockets;
using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>What a caller is told when etcd, or the way to it, fails in the middle.</summary>
public sealed class EtcdOutcomeTests(OneEtcd etcd) : IClassFixture<OneEtcd>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Prompt = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_mutation_whose_answer_is_cut_off_is_unknown_and_is_not_repeated()
    {
        await using var relay = new Relay(etcd.Cluster.Members[0].Port);
        var options = etcd.Cluster.Fresh();
        await using var direct = await OpenAsync(options);
        await using var store = await OpenAsync(options with { Endpoints = [relay.Endpoint, .. options.Endpoints] });
        Assert.Equal(relay.Endpoint, store.Endpoint);
        relay.SwallowAnswers();
        var commit = store.CommitAsync(Put("a", "1"));
        var pair = await Until.SomeAsync(() => FindAsync(direct, "a"), Patience, () => "the put arrives");
        relay.Cut();
        Assert.Equal(StoreStatus.Unknown, (await commit).Status);
        var now = await FindAsync(store, "a");
        Assert.Equal(pair, now);
        Assert.Equal(1, now!.Version);
    }

    [Fact]
    public async Task A_member_that_falls_silent_is_left_in_time_and_what_it_may_have_done_is_unknown()
    {
        await using var relay = new Relay(etcd.Cluster.Members[0].Port);
        var options = etcd.Cluster.Fresh();
        await using var store = await OpenAsync(options with { Endpoints = [relay.Endpoint, .. options.Endpoints] });
        await store.CommitAsync(Put("a", "1"));
        relay.SwallowAnswers();
        var start = TimeProvider.System.GetTimestamp();
        var commit = store.CommitAsync(Put("a", "2"));
        var grant = store.GrantAsync(TimeSpan.FromSeconds(60));
        var range = await store.RangeAsync("");
        Assert.Equal((StoreStatus.Ok, "2"), (range.Status, range.Pairs[0].Value));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, Prompt);
        Assert.Equal((StoreStatus.Unknown, StoreStatus.Unknown), ((await commit).Status, (await grant).Status));
        Assert.Equal(options.Endpoints[0], store.Endpoint);
    }

    [Fact]
    public async Task A_renewal_or_the_end_of_a_lease_is_repeated_elsewhere()
    {
        await using var relay = new Relay(etcd.Cluster.Members[0].Port);
        var options = etcd.Cluster.Fresh();
        await using var store = await OpenAsync(options with { Endpoints = [relay.Endpoint, .. options.Endpoints] });
        var lease = (await store.GrantAsync(TimeSpan.FromSeconds(60))).Lease;
        relay.SwallowAnswers();
        var renewed = await store.KeepAliveAsync(lease);
        Assert.Equal((StoreStatus.Ok, TimeSpan.FromSeconds(60)), (renewed.Status, renewed.Ttl));
        Assert.Equal(StoreStatus.Ok, (await store.RevokeAsync(lease)).Status);
    }

    [Fact]
    public async Task What_was_never_sent_goes_to_another_member()
    {
        // One refuses, one accepts connections and says nothing, the last is etcd.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var options = etcd.Cluster.Fresh();
        string[] endpoints =
        [
            $"http://127.0.0.1:{FreePort.Take()}", $"http://{silent.LocalEndpoint}", .. options.Endpoints,
        ];
        await using var store = new EtcdStore(options with { Endpoints = endpoints }, TimeProvider.System);
        var start = TimeProvider.System.GetTimestamp();
        var answer = await store.CommitAsync(Put("a", "1"));
        Assert.Equal(StoreStatus.Ok, answer.Status);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, Prompt);
        Assert.Equal(1, (await FindAsync(store, "a"))!.Version);
    }

    [Fact]
    public async Task Without_a_member_everything_has_certainly_not_happened_and_the_reasons_are_said()
    {
        var nobody = $"http://127.0.0.1:{FreePort.Take()}";
        var options = new EtcdOptions([nobody]) { CallTimeout = TimeSpan.FromMilliseconds(500) };
        await using var store = new EtcdStore(options, TimeProvider.System);
        var put = await store.CommitAsync(Put("a", "1"));
        Assert.Equal(StoreStatus.Unavailable, put.Status);
        Assert.Contains($"{nobody}: Connection refused", put.Error);
        Assert.Equal(StoreStatus.Unavailable, (await store.RangeAsync("")).Status);
        Assert.Equal(StoreStatus.Unavailable, (await store.GrantAsync(TimeSpan.FromSeconds(5))).Status);
        Assert.Equal(StoreStatus.Unavailable, (await store.KeepAliveAsync(1)).Status);
        Assert.Equal(StoreStatus.Unavailable, (await store.RevokeAsync(1)).Status);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("")]
    public async Task Garbage_on_the_port_is_a_sentence(string garbage)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync();
                    await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(garbage));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
            }
        });
        var options = new EtcdOptions([$"http://{listener.LocalEndpoint}"]) { CallTimeout = Prompt };
        var refused = await Assert.ThrowsAsync<StoreConnectionException>(() => OpenAsync(options));
        TestContext.Current.SendDiagnosticMessage(refused.Message);
        Assert.Contains($"{listener.LocalEndpoint}", refused.Message);
        listener.Stop();
        await answering;
    }

    [Fact]
    public async Task A_lease_is_as_long_as_etcd_grants_it()
    {
        await using var store = await etcd.OpenAsync();
        var lease = await store.GrantAsync(TimeSpan.FromMilliseconds(300));
        Assert.Equal((StoreStatus.Ok, TimeSpan.FromSeconds(2)), (lease.Status, lease.Ttl));
        Assert.Equal(TimeSpan.FromSeconds(4), (await store.GrantAsync(TimeSpan.FromSeconds(3.2))).Ttl);
    }

    [Fact]
    public async Task Clusters_that_share_an_etcd_do_not_see_each_other()
    {
        var options = etcd.Cluster.Fresh();
        await using var a = await OpenAsync(options with { KeyPrefix = options.KeyPrefix + "a/" });
        await using var b = await OpenAsync(options with { KeyPrefix = options.KeyPrefix + "b/" });
        await using var all = await OpenAsync(options with { KeyPrefix = "" });
        var from = (await a.CommitAsync(Put("x", "a"))).Revision;
        await b.CommitAsync(Put("x", "b"));
        await b.CommitAsync(new Txn { Then = [new StoreOp.DeletePrefix("")] });
        await a.CommitAsync(Put("y", "a"));
        Assert.Equal(["x", "y"], (await a.RangeAsync("")).Pairs.Select(pair => pair.Key));
        Assert.Empty((await b.RangeAsync("")).Pairs);
        var under = (await all.RangeAsync(options.KeyPrefix)).Pairs.Select(pair => pair.Key);
        Assert.Equal([$"{options.KeyPrefix}a/x", $"{options.KeyPrefix}a/y"], under);
        Assert.True((await all.RangeAsync("")).Pairs.Count >= 2);
        var seen = new List<string>();
        await foreach (var batch in a.WatchAsync("", from))
        {
            seen.AddRange(batch.Changes.Select(change => change.Pair.Key));
            if (seen.Count == 2) break;
        }
        Assert.Equal(["x", "y"], seen);
    }

    [Fact]
    public async Task An_old_version_is_warned_of_once()
    {
        await using var store = await etcd.OpenAsync();
        Assert.Contains("past its end of life", Assert.Single(store.Warnings));
    }

    private static Task<EtcdStore> OpenAsync(EtcdOptions options) => EtcdStore.OpenAsync(options, TimeProvider.System);

    private static Txn Put(string key, string value) => new() { Then = [new StoreOp.Put(key, value)] };

    private static async Task<KeyValue?> FindAsync(EtcdStore store, string key) =>
        (await store.CommitAsync(new Txn { Then = [new StoreOp.Get(key)] })).Gets[0];
}
