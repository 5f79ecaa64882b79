using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Observing;

namespace Tangram.Tests.Cli;

public sealed class DeployCommandTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();
    private readonly FakeCluster _cluster = new();
    private ApiServer? _server;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_terminal.StateRoot, "shop"));
        var socket = SocketPlace.ForDaemon(_terminal.StateRoot, "shop", _ => null);
        _server = await ApiServer.StartAsync(_cluster.Port, socket);
        _terminal.Write("compose.yaml", "name: shop");
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _cluster.DisposeAsync();
        _terminal.Dispose();
    }

    /// <summary>Waits until a condition holds; the deadline is the test's own.</summary>
    private static async Task UntilAsync(Func<bool> holds)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(20),
                "it did not come about");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private Task RolloutAsync(int current, int target, RolloutStage stage, string because = "") =>
        _cluster.PutAsync(new Documents().Rollout(current, target, stage, because));

    [Fact]
    public async Task It_follows_the_rollout_and_ends_with_0_only_when_the_revision_is_in_force()
    {
        var deploy = _terminal.RunAsync("deploy");
        await UntilAsync(() => _terminal.Out.Contains("order: 0 of 2 on revision 1", StringComparison.Ordinal));
        Assert.False(deploy.IsCompleted);
        await _cluster.PutAsync(new Documents().Node("a-1", 1, "order-1"));
        await UntilAsync(() => _terminal.Out.Contains("order: 1 of 2 on revision 1", StringComparison.Ordinal));
        await RolloutAsync(1, 1, RolloutStage.Done);
        Assert.Equal(Exit.Done, await deploy);
        Assert.EndsWith("revision 1 is in force\n", _terminal.Out);
    }

    [Theory]
    [InlineData(RolloutStage.RolledBack, "was rolled back")]
    [InlineData(RolloutStage.Failed, "failed")]
    [InlineData(RolloutStage.Paused, "is paused")]
    public async Task A_rollout_that_ends_badly_is_a_failure_that_says_why(RolloutStage stage, string words)
    {
        var deploy = _terminal.RunAsync("deploy");
        await UntilAsync(() => _cluster.State.Asked is not null);
        await RolloutAsync(0, 1, stage, "order answers 500 to half of its requests");
        Assert.Equal(Exit.Failed, await deploy);
        Assert.Contains(words, _terminal.Error);
        Assert.Contains("order answers 500 to half of its requests", _terminal.Error);
    }

    [Fact]
    public async Task A_superseded_deploy_is_a_failure()
    {
        var deploy = _terminal.RunAsync("deploy");
        await UntilAsync(() => _cluster.State.Asked is not null);
        await RolloutAsync(0, 2, RolloutStage.Rolling);
        Assert.Equal(Exit.Failed, await deploy);
        Assert.Contains("superseded by revision 2", _terminal.Error);
    }

    [Fact]
    public async Task After_the_timeout_it_stops_following_and_says_that_the_rollout_goes_on()
    {
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("deploy", "--timeout", "300ms"));
        Assert.Contains("It goes on", _terminal.Error);
        var attached = _terminal.RunAsync("deploy", "--attach");
        await RolloutAsync(1, 1, RolloutStage.Done);
        Assert.Equal(Exit.Done, await attached);
    }

    [Fact]
    public async Task It_bears_that_the_daemon_is_away_for_a_while()
    {
        var deploy = _terminal.RunAsync("deploy");
        await UntilAsync(() => _terminal.Out.Contains("order: 0 of 2", StringComparison.Ordinal));
        await _server!.DisposeAsync();
        await RolloutAsync(1, 1, RolloutStage.Done);
        _server = await ApiServer.StartAsync(_cluster.Port, SocketPlace.Of(_terminal.StateRoot, "shop"));
        Assert.Equal(Exit.Done, await deploy);
    }

    [Fact]
    public async Task Looks_print_tables_and_the_same_json_as_the_api()
    {
        await _cluster.PutAsync(new Documents().Revision(1, Documents.Spec(1)).Asked(1).Rollout(1, 1, RolloutStage.Done)
            .Node("a-1", 1, "order-1").Node("b-1", ("order-2", 1, Phase.Waiting)).Gateway("g1", 1_000));
        Assert.Equal(Exit.Done, await _terminal.RunAsync("ps"));
        Assert.StartsWith("REPLICA  NODE  ZONE  STATE    REVISION", _terminal.Out);
        Assert.Equal(Exit.Done, await _terminal.RunAsync("status"));
        Assert.Contains("shop is not ready, on revision 1", _terminal.Out);
        Assert.DoesNotContain("\e", _terminal.Out);
        using var json = new Terminal();
        json.Variables["TANGRAM_HOST"] = SocketPlace.Of(_terminal.StateRoot, "shop");
        Assert.Equal(Exit.Done, await json.RunAsync("ps", "order", "--json"));
        Assert.Equal(["order-1", "order-2"], ViewJson.Read<ReplicaView[]>(json.Out).Select(r => r.Replica));
    }

    [Fact]
    public async Task Acts_print_what_was_done_and_fail_with_what_the_daemon_says()
    {
        await _cluster.PutAsync(new Documents()
            .Revision(1, Documents.Spec(1)).Asked(1).Rollout(1, 1, RolloutStage.Done));
        Assert.Equal(Exit.Done, await _terminal.RunAsync("scale", "order=4"));
        Assert.Equal(Exit.Done, await _terminal.RunAsync("kill", "a-1", "--for", "1.5s"));
        Assert.Equal("scale order to 4\nkill a-1 for 1.5 s\n", _terminal.Out);
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync("drain", "z-9"));
        Assert.Equal(Exit.Arguments, await _terminal.RunAsync("backend", "order-99", "--drain"));
        Assert.Contains("there is no replica 'order-99'", _terminal.Error);
        Assert.Equal(Exit.Failed, await _terminal.RunAsync("rollback"));
        Assert.Contains("The nodes are: a-1, b-1, c-1", _terminal.Error);
    }
}
