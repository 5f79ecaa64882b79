using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

/// <summary>The watch, over a unix socket and through the client that the commands use.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeCluster _cluster = new();
    private readonly CancellationTokenSource _limit = new(Patience, TimeProvider.System);
    private ApiServer? _server;
    private ClusterClient? _client;

    private string Socket => Path.Combine(_cluster.Folder, "tangram.sock");

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync(_cluster.Port, Socket);
        _client = new ClusterClient(new ClusterPlace("shop", Socket, _cluster.Folder));
        await _cluster.PutAsync(new Documents().Revision(1, Documents.Spec(1)).Asked(1)
            .Rollout(1, 1, Model.RolloutStage.Done).Node("a-1", 1, "order-1"));
    }

    public async ValueTask DisposeAsync()
    {
        _client!.Dispose();
        await _server!.DisposeAsync();
        await _cluster.DisposeAsync();
        _limit.Dispose();
    }

    private IAsyncEnumerator<SseItem<string>> Watch(string? after = null) =>
        _client!.WatchAsync(after, _limit.Token).GetAsyncEnumerator(_limit.Token);

    private static async Task<SseItem<string>> NextAsync(IAsyncEnumerator<SseItem<string>> watch)
    {
        Assert.True(await watch.MoveNextAsync());
        return watch.Current;
    }

    [Fact]
    public async Task It_begins_with_everything_and_goes_on_with_what_changes()
    {
        await using var watch = Watch();
        var first = await NextAsync(watch);
        Assert.Equal("snapshot", first.EventType);
        var view = ViewJson.Read<ClusterView>(first.Data);
        await _cluster.PutAsync(new Documents().Node("b-1", 1, "order-2"));
        while (view.Replicas.Count < 2)
        {
            var next = await NextAsync(watch);
            Assert.Equal("delta", next.EventType);
            view = Delta.Apply(view, ViewJson.Read<DeltaView>(next.Data));
        }
        Assert.Equal(ClusterView.Of(_cluster.State, "shop", null), view);
    }

    [Fact]
    public async Task It_goes_on_where_a_reader_was_and_begins_anew_when_that_is_not_known()
    {
        string cursor;
        await using (var watch = Watch()) cursor = (await NextAsync(watch)).EventId!;
        await _cluster.PutAsync(new Documents().Node("b-1", 1, "order-2"));
        await using (var again = Watch(cursor))
        {
            var delta = ViewJson.Read<DeltaView>((await NextAsync(again)).Data);
            Assert.Equal(["order-2"], delta.Replicas.Select(r => r.Replica));
        }
        await using var other = Watch("another-daemon-7");
        Assert.Equal("snapshot", (await NextAsync(other)).EventType);
    }

    [Fact]
    public async Task Everything_in_it_is_as_described()
    {
        var document = JsonNode.Parse(OpenApi.Text())!;
        var stream = document["paths"]!["/v1/watch"]!["get"]!["responses"]!["200"]!["content"]!["text/event-stream"]!;
        await using var watch = Watch();
        var first = await NextAsync(watch);
        _cluster.Stale = new StaleView(DateTimeOffset.UnixEpoch, "no answer");
        var second = await NextAsync(watch);
        foreach (var item in (SseItem<string>[])[first, second])
            Assert.Empty(new JsonShape(document).Wrong(stream["schema"]!, JsonNode.Parse(item.Data)));
        Assert.Equal("no answer", ViewJson.Read<DeltaView>(second.Data).Head!.Stale!.Because);
    }

    [Fact]
    public async Task It_ends_at_once_when_the_daemon_leaves()
    {
        await using var watch = Watch();
        await NextAsync(watch);
        var begun = TimeProvider.System.GetTimestamp();
        await _server!.DisposeAsync();
        Assert.False(await watch.MoveNextAsync());
        Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Who_falls_behind_what_is_kept_begins_anew_and_what_is_kept_is_bounded()
    {
        var feed = new ViewFeed(_cluster.Port);
        var slow = feed.After(null)[^1].Cursor;
        var quick = slow;
        // Each round changes every replica; far more entries than are kept.
        const int replicas = 1_000;
        for (var round = 0; round < 50; round++)
        {
            var phase = round % 2 == 0 ? Model.Phase.Unready : Model.Phase.Ready;
            await _cluster.PutAsync(new Documents()
                .Node("c-1", [.. Enumerable.Range(0, replicas).Select(i => ($"order-{i}", 1, phase))]));
            quick = Assert.Single(feed.After(quick)).Cursor;
        }
        Assert.NotNull(Assert.Single(feed.After(slow)).Snapshot);
        Assert.Empty(feed.After(quick));
        Assert.InRange(feed.Entries, replicas, ViewFeed.MostEntries);
    }
}
