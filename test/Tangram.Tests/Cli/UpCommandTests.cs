using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Observing;

namespace Tangram.Tests.Cli;

public sealed class UpCommandTests : IAsyncDisposable
{
    private readonly Terminal _terminal = new();
    private readonly FakeCluster _cluster = new();
    private readonly TaskCompletionSource<string> _ended = new();
    private readonly TaskCompletionSource _drained = new();
    private readonly UpCommand _up;
    private Task _started = Task.CompletedTask;
    private bool _stoppedAtOnce;

    public UpCommandTests()
    {
        _terminal.Entrances = _terminal.Entrances with
        {
            Up = async (_, cancellation) =>
            {
                await _started.WaitAsync(cancellation);
                return new RunningCluster
                {
                    Status = () => Look.Status(_cluster.State, "shop"),
                    Events = _cluster.Events,
                    StopInOrder = async () =>
                    {
                        await _drained.Task;
                        _ended.TrySetResult("stopped");
                    },
                    StopAtOnce = () =>
                    {
                        _stoppedAtOnce = true;
                        _drained.TrySetResult();
                    },
                    Ended = _ended.Task,
                };
            },
        };
        _up = new UpCommand(new CommandContext(_terminal.Around, _terminal.Entrances));
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _terminal.Dispose();
    }

    private Task<int> RunAsync() =>
        _up.RunAsync(new UpRequest(Documents.Spec(1, 1), _terminal.StateRoot), default);

    private Task BecomeReadyAsync() => _cluster.PutAsync(new Documents().Revision(1, Documents.Spec(1, 1)).Asked(1)
        .Rollout(1, 1, RolloutStage.Done).Node("a-1", 1, "order-1").Gateway("g1", 1_000));

    private async Task PrintedAsync(string text)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!_terminal.Out.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(20), _terminal.Out);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    [Fact]
    public async Task It_says_when_it_is_ready_and_where_then_tells_what_happens_and_stops_in_order()
    {
        await _cluster.PutAsync(new Documents().Revision(1, Documents.Spec(1, 1)).Asked(1));
        var up = RunAsync();
        await PrintedAsync("order: 0 of 1 on revision 1");
        await BecomeReadyAsync();
        await PrintedAsync("gateway: http://127.0.0.1:8080");
        Assert.Contains("ready in ", _terminal.Out);
        _cluster.Events.Add("order-1", "restarted");
        await PrintedAsync("order-1: restarted");
        _up.Stop();
        await PrintedAsync("stopping in order");
        Assert.False(up.IsCompleted);
        _drained.SetResult();
        Assert.Equal(Exit.Done, await up);
        Assert.EndsWith("stopped\n", _terminal.Out);
    }

    [Fact]
    public async Task The_second_signal_stops_at_once()
    {
        var up = RunAsync();
        _up.Stop();
        await PrintedAsync("stopping in order");
        _up.Stop();
        Assert.Equal(Exit.Failed, (await Assert.ThrowsAsync<CommandFailure>(() => up)).ExitCode);
        Assert.True(_stoppedAtOnce);
    }

    [Fact]
    public async Task A_signal_while_it_starts_stops_in_order_what_has_been_started()
    {
        var started = new TaskCompletionSource();
        _started = started.Task;
        var up = RunAsync();
        _up.Stop();
        await Task.WhenAny(up, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System));
        Assert.False(up.IsCompleted, "it gave up a start that had begun");
        started.SetResult();
        await PrintedAsync("stopping in order");
        _drained.SetResult();
        Assert.Equal(Exit.Done, await up);
        Assert.EndsWith("stopped\n", _terminal.Out);
    }

    [Fact]
    public async Task It_ends_when_the_cluster_was_taken_down()
    {
        await BecomeReadyAsync();
        var up = RunAsync();
        await PrintedAsync("ready in ");
        _ended.SetResult("stopped");
        Assert.Equal(Exit.Done, await up);
    }

    [Fact]
    public async Task A_first_revision_that_fails_is_said_and_what_runs_goes_on()
    {
        await _cluster.PutAsync(new Documents().Revision(1, Documents.Spec(1, 1)).Asked(1)
            .Rollout(0, 1, RolloutStage.Failed, "order exits at once"));
        var up = RunAsync();
        _cluster.Events.Add("shop", "still here");
        _ended.SetResult("stopped");
        Assert.Equal(Exit.Done, await up);
        Assert.Contains("order exits at once", _terminal.Error);
    }
}
