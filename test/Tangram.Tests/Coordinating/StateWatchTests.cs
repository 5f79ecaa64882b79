using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving;

namespace Tangram.Tests.Coordinating;

public sealed class StateWatchTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-watch-").FullName;
    private readonly FakeTimeProvider _time = new() { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
    private readonly CancellationTokenSource _end = new();
    private readonly List<ClusterState> _seen = [];
    private FaultyStore _store = null!;
    private StateWatch _watch = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _store = new FaultyStore(new MemoryStore(_time), new StoreFaults(), new Rng(1), _time);
        var term = new Txn { Then = [new StoreOp.Put(Keys.Term, Json.Write(new Term("present", "p")))] };
        await _store.CommitAsync(term);
        _watch = new StateWatch(_store, _time, Copy, StateWatch.RecallAfter);
        _watch.Listen(state => { lock (_seen) _seen.Add(state); });
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_replaced_by_the_copy_until_it_does()
    {
        // Its revisions may be higher than those of a store that was restored.
        Copy.Write(new Documents(
            ).Put(Keys.Term, new Term("old", "o")).Put(Keys.Gateway("g"), new GatewaySeen()).State);
        Begin(away: true);
        await UntilAsync(() => _watch.State.Term?.Value.Leader == "old");
        Assert.True(_watch.State.Recalled);
        _store.Faults = new StoreFaults();
        await UntilAsync(() => _watch.State.Term?.Value.Leader == "present");
        Assert.False(_watch.State.Recalled);
    }

    [Fact]
    public async Task What_the_store_says_is_copied_and_the_copy_is_not_taken_then()
    {
        Copy.Write(new Documents().Put(Keys.Term, new Term("old", "o")).State);
        Begin(away: false);
        await UntilAsync(() => Copy.Read()?.Term?.Value.Leader == "present");
        lock (_seen) Assert.DoesNotContain(_seen, state => state.Recalled);
    }

    [Fact]
    public async Task The_last_state_is_copied_at_the_end()
    {
        Begin(away: false);
        await UntilAsync(() => _watch.State.Revision > 0);
        await _end.CancelAsync();
        await _running;
        Assert.Equal("present", Copy.Read()?.Term?.Value.Leader);
    }

    private StateCopy Copy => new(Path.Combine(_folder, "known.json"), Assert.Fail);

    private void Begin(bool away)
    {
        if (away) _store.Faults = new StoreFaults(Refuse: 1);
        _running = _watch.RunAsync(_end.Token);
    }

    private async Task UntilAsync(Func<bool> holds)
    {
        for (var round = 0; !holds(); round++)
        {
            Assert.True(round < 2_000, "it did not happen");
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
            await Task.Run(() => { });
        }
    }
}
