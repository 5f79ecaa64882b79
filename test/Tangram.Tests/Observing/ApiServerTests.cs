using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

/// <summary>The API end to end, over a unix socket, through the client that the commands use.</summary>
public sealed class ApiServerTests : IAsyncLifetime
{
    private readonly FakeCluster _cluster = new();
    private ApiServer? _server;
    private ClusterClient? _client;

    private string Socket => Path.Combine(_cluster.Folder, "tangram.sock");
    private ClusterClient Client => _client!;

    public async ValueTask InitializeAsync()
    {
        // What a killed daemon leaves behind.
        await File.WriteAllTextAsync(Socket, "");
        _server = await ApiServer.StartAsync(_cluster.Port, Socket);
        _client = new ClusterClient(new ClusterPlace("shop", Socket, _cluster.Folder));
    }

    public async ValueTask DisposeAsync()
    {
        _client!.Dispose();
        await _server!.DisposeAsync();
        Assert.False(File.Exists(Socket));
        await _cluster.DisposeAsync();
    }

    private static Documents Running() => new Documents()
        .Revision(1, Documents.Spec(1, replicas: 1)).Asked(1).Rollout(1, 1, RolloutStage.Done)
        .Node("a-1", 1, "order-1").Gateway("g1", applied: 1_000);

    private Task<DoneView> PostAsync(string path, string? body = null) => Client.PostAsync(path, body, default);

    private async Task<CommandFailure> RefusedAsync(string path, string? body = null) =>
        await Assert.ThrowsAsync<CommandFailure>(() => PostAsync(path, body));

    [Fact]
    public void Only_the_owner_may_open_the_socket() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));

    [Fact]
    public async Task It_shows_the_status_the_replicas_and_the_reasons()
    {
        await _cluster.PutAsync(Running());
        _cluster.Events.Add("order-1", "ready");
        Assert.True((await Client.GetAsync<StatusView>("/v1/status", default)).Ready);
        Assert.Equal("order-1", Assert.Single(await Client.GetAsync<ReplicaView[]>("/v1/ps", default)).Replica);
        Assert.Equal("ready", (await Client.GetAsync<WhyView>("/v1/why/order-1", default)).Events[0].What);
        var service = await Client.GetAsync<WhyView>("/v1/why/order", default);
        Assert.Contains("no node takes one more order.", service.Sentences);
        Assert.StartsWith("shop is ready", (await Client.GetAsync<WhyView>("/v1/why", default)).Sentences[0]);
    }

    [Fact]
    public async Task It_shows_the_revisions_and_what_differs_between_them_or_from_a_file()
    {
        await _cluster.PutAsync(Running().Revision(2, Documents.Spec(1, replicas: 4), replaces: 1));
        Assert.Equal([2, 1], (await Client.GetAsync<HistoryView[]>("/v1/history", default)).Select(r => r.Revision));
        var change = new ChangeView("services.order.deploy.replicas", "1", "4");
        Assert.Equal([change], await Client.GetAsync<ChangeView[]>("/v1/diff/1/2", default));
        Assert.Equal([change], await Client.GetAsync<ChangeView[]>("/v1/diff/now/2", default));
        var file = Json.Write(Documents.Spec(1, replicas: 4));
        Assert.Equal([change],
            ViewJson.Read<ChangeView[]>(await Client.SendAsync(HttpMethod.Post, "/v1/diff", file, default)));
        var failure = await Assert.ThrowsAsync<CommandFailure>(
            () => Client.GetAsync<ChangeView[]>("/v1/diff/1/9", default));
        Assert.Contains("There are: 1, 2", failure.Message);
    }

    [Fact]
    public async Task A_name_that_nothing_has_is_a_wrong_argument()
    {
        await _cluster.PutAsync(Running());
        var failure =
            await Assert.ThrowsAsync<CommandFailure>(() => Client.GetAsync<WhyView>("/v1/why/odrer", default));
        Assert.Equal(Exit.Arguments, failure.ExitCode);
        Assert.Contains("order-1", failure.Message);
    }

    [Fact]
    public async Task A_deploy_makes_a_revision_and_a_second_one_is_refused_while_it_goes_out()
    {
        Assert.Equal(1, (await PostAsync("/v1/deploy", Json.Write(Documents.Spec(1)))).Revision);
        Assert.Equal(Documents.Spec(1), _cluster.State.Spec(1));
        var failure = await RefusedAsync("/v1/deploy", Json.Write(Documents.Spec(2)));
        Assert.Equal(Exit.Failed, failure.ExitCode);
        Assert.Contains("revision 1", failure.Message);
        Assert.Equal(2, (await PostAsync("/v1/deploy?supersede=true", Json.Write(Documents.Spec(2)))).Revision);
    }

    [Fact]
    public async Task A_deploy_whose_files_cannot_be_copied_changes_nothing()
    {
        var spec = Documents.Spec(1);
        spec = spec with { Services = [spec.Services[0] with { Files = "/missing" }] };
        Assert.Contains("/missing", (await RefusedAsync("/v1/deploy", Json.Write(spec))).Message);
        Assert.Null(_cluster.State.Asked);
    }

    [Fact]
    public async Task Scale_drain_undrain_and_rollback_change_what_is_asked()
    {
        await _cluster.PutAsync(Running().Revision(2, Documents.Spec(2), 1).Asked(2).Rollout(2, 2, RolloutStage.Done));
        await PostAsync("/v1/scale", ViewJson.Write<Scale[]>([new Scale(ServiceName.Of("order"), 5)]));
        await PostAsync("/v1/drain/a-1");
        Assert.Equal([NodeName.Of("a-1")], _cluster.State.Asked!.Value.Drained);
        await PostAsync("/v1/undrain/a-1");
        Assert.Equal([new Scale(ServiceName.Of("order"), 5)], _cluster.State.Asked.Value.Scale);
        Assert.Equal(3, (await PostAsync("/v1/rollback")).Revision);
        Assert.Equal(Documents.Spec(1, replicas: 1), _cluster.State.Spec(3));
    }

    [Fact]
    public async Task Kill_revive_and_leave_reach_the_host()
    {
        await PostAsync("/v1/kill/a-1?for=1m30s");
        await PostAsync("/v1/kill/order-1");
        await PostAsync("/v1/revive/a-1");
        Assert.Equal("nothing is named nobody", (await RefusedAsync("/v1/kill/nobody")).Message);
        Assert.Equal(Exit.Arguments, (await RefusedAsync("/v1/kill/a-1?for=soon")).ExitCode);
        Assert.Equal(["kill a-1 00:01:30", "kill order-1 ", "revive a-1", "kill nobody "], _cluster.Done);
        Assert.Equal("leave", (await PostAsync("/v1/leave")).What);
    }

    [Fact]
    public async Task Events_are_given_from_a_number_on_and_can_be_waited_for()
    {
        var first = _cluster.Events.Add("a", "one");
        var waiting = Client.GetAsync<EventView[]>($"/v1/events?after={first.Number}&wait=20", default);
        _cluster.Events.Add("a", "two");
        Assert.Equal("two", (await waiting)[0].What);
        Assert.Equal(2, (await Client.GetAsync<EventView[]>("/v1/events?after=0", default)).Length);
        Assert.Empty(await Client.GetAsync<EventView[]>("/v1/events?after=99", default));
    }

    [Fact]
    public async Task Nonsense_is_refused_with_what_is_wrong()
    {
        Assert.Equal(Exit.Arguments, (await RefusedAsync("/v1/deploy", "{")).ExitCode);
        Assert.Contains("/v1/dance", (await RefusedAsync("/v1/dance")).Message);
        Assert.Contains("not a node's name", (await RefusedAsync("/v1/drain/a%20b")).Message);
    }

    [Fact]
    public async Task Metrics_are_text_or_a_word_on_where_they_are()
    {
        var failure = await Assert.ThrowsAsync<CommandFailure>(
            () => Client.SendAsync(HttpMethod.Get, "/metrics", null, default));
        Assert.Contains("x-tangram.gateway.metrics", failure.Message);
        _cluster.Metrics = "tangram_build_info{version=\"1\"} 1\n";
        Assert.Equal(_cluster.Metrics, await Client.SendAsync(HttpMethod.Get, "/metrics", null, default));
    }

    [Fact]
    public async Task A_plan_is_text_or_json()
    {
        var spec = Json.Write(Documents.Spec(1));
        Assert.StartsWith("would start: order", await Client.SendAsync(HttpMethod.Post, "/v1/plan", spec, default));
        Assert.StartsWith("{", await Client.SendAsync(HttpMethod.Post, "/v1/plan?json=true", spec, default));
    }
}
