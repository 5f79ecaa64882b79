using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

public sealed class CommandRunnerTests
{
    private static Task<(DoneView? Done, ErrorView? Error)> DeployAsync(FakeCluster cluster) =>
        new CommandRunner(cluster.Port).RunAsync((s, by) => Commands.Deploy(s, by, Documents.Spec(1), false), default);

    private static Task<(DoneView? Done, ErrorView? Error)> DrainAsync(FakeCluster cluster, string node) =>
        new CommandRunner(cluster.Port).RunAsync((s, by) => Commands.Drain(s, by, NodeName.Of(node)), default);

    [Fact]
    public async Task A_command_is_carried_out_and_told()
    {
        await using var cluster = new FakeCluster();
        Assert.Equal(1, (await DeployAsync(cluster)).Done!.Revision);
        Assert.Equal(Documents.Spec(1), cluster.State.Spec(1));
        Assert.Equal("deploy: revision 1", Assert.Single(cluster.Events.After(0)).What);
    }

    [Fact]
    public async Task When_another_command_was_faster_it_decides_again_on_what_is_there_then()
    {
        await using var cluster = new FakeCluster();
        await DeployAsync(cluster);
        cluster.Store.Before = () => DrainAsync(cluster, "a-1");
        Assert.True((await DrainAsync(cluster, "b-1")).Done!.Changed);
        Assert.Equal(["a-1", "b-1"], cluster.State.Asked!.Value.Drained.Select(n => n.Value));
    }

    [Theory]
    [InlineData(CommitFault.AnswerLost)]
    [InlineData(CommitFault.Lost)]
    [InlineData(CommitFault.Refused)]
    public async Task A_lost_answer_ends_in_exactly_one_change(CommitFault fault)
    {
        await using var cluster = new FakeCluster(fault);
        Assert.Equal(1, (await DeployAsync(cluster)).Done!.Revision);
        Assert.Equal([1], cluster.State.Revisions.Keys);
    }

    [Fact]
    public async Task What_can_no_longer_be_told_is_said_to_be_unknown()
    {
        await using var cluster = new FakeCluster(null, null, CommitFault.Lost);
        await DeployAsync(cluster);
        // The other command takes effect, then ours is lost: `asked` has changed, and not by us.
        cluster.Store.Before = () => DrainAsync(cluster, "a-1");
        var (done, error) = await DrainAsync(cluster, "b-1");
        Assert.Null(done);
        Assert.Equal(ErrorView.Unknown, error!.Kind);
    }

    [Fact]
    public async Task A_store_that_takes_nothing_is_given_up_and_nothing_has_changed()
    {
        await using var cluster = new FakeCluster([.. Enumerable.Repeat<CommitFault?>(CommitFault.Refused, 20)]);
        var (_, error) = await DeployAsync(cluster);
        Assert.Equal(ErrorView.Unavailable, error!.Kind);
        Assert.Contains("the disk is full", error.Error);
    }
}
