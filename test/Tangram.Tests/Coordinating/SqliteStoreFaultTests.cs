using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

/// <summary>The SQLite store over a journal that fails as it is told.</summary>
public sealed class SqliteStoreFaultTests : IAsyncLifetime
{
    private const int Patience = 30_000;

    private readonly FakeTimeProvider _time = new();
    private readonly BadJournal _journal = new();
    private SqliteStore _store = null!;

    public ValueTask InitializeAsync()
    {
        _store = new SqliteStore(_journal, _time);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await _store.DisposeAsync();

    [Fact(Timeout = Patience)]
    public async Task A_write_of_unknown_outcome_is_unknown_and_not_seen()
    {
        _journal.Next = StoreStatus.Unknown;
        _journal.Settles = null;
        Assert.Equal(StoreStatus.Unknown, (await _store.CommitAsync(Put("a", "1"))).Status);
        Assert.Empty((await _store.RangeAsync("")).Pairs);
        Assert.Equal(StoreStatus.Unavailable, (await _store.CommitAsync(Put("a", "2"))).Status);
        Assert.Empty((await _store.RangeAsync("")).Pairs);
    }

    [Fact(Timeout = Patience)]
    public async Task A_write_that_turns_out_to_be_written_is_seen_before_the_next_one()
    {
        _journal.Next = StoreStatus.Unknown;
        _journal.Settles = true;
        Assert.Equal(StoreStatus.Unknown, (await _store.CommitAsync(Put("a", "1"))).Status);
        var next = await _store.CommitAsync(new Txn
        {
            Compares = [Compare.Absent("a")],
            Then = [new StoreOp.Put("a", "2")],
            Else = [new StoreOp.Get("a")],
        });
        Assert.Equal("1", Assert.Single(next.Gets)!.Value);
        await foreach (var batch in _store.WatchAsync("", next.Revision))
        {
            Assert.Equal("1", batch.Changes[0].Pair.Value);
            break;
        }
    }

    [Fact(Timeout = Patience)]
    public async Task A_write_that_is_found_to_be_lost_is_refused()
    {
        var before = (await _store.RangeAsync("")).Revision;
        _journal.Next = StoreStatus.Unknown;
        _journal.Settles = false;
        Assert.Equal(StoreStatus.Unavailable, (await _store.CommitAsync(Put("a", "1"))).Status);
        var next = await _store.CommitAsync(Put("b", "2"));
        Assert.Equal((StoreStatus.Ok, before + 1), (next.Status, next.Revision));
        Assert.Equal(["b"], (await _store.RangeAsync("")).Pairs.Select(pair => pair.Key));
    }

    [Fact(Timeout = Patience)]
    public async Task A_renewal_needs_no_disk_and_is_not_taken_back()
    {
        var lease = (await _store.GrantAsync(TimeSpan.FromSeconds(10))).Lease;
        await _store.CommitAsync(new Txn { Then = [new StoreOp.Put("seen/a", "1", lease)] });
        _time.Advance(TimeSpan.FromSeconds(6));
        _journal.Next = StoreStatus.Unknown;
        _journal.Settles = null;
        Assert.Equal(StoreStatus.Unknown, (await _store.CommitAsync(Put("b", "1"))).Status);
        Assert.Equal(TimeSpan.FromSeconds(10), (await _store.KeepAliveAsync(lease)).Ttl);
        _journal.Settles = true;
        Assert.Equal(StoreStatus.Ok, (await _store.CommitAsync(Put("c", "1"))).Status);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(TimeSpan.FromSeconds(10), (await _store.KeepAliveAsync(lease)).Ttl);
        Assert.Equal(["b", "c", "seen/a"], (await _store.RangeAsync("")).Pairs.Select(pair => pair.Key));
    }

    [Fact(Timeout = Patience)]
    public async Task A_lease_that_ended_while_the_disk_failed_ends_when_it_works_again()
    {
        var lease = (await _store.GrantAsync(TimeSpan.FromSeconds(10))).Lease;
        var put = await _store.CommitAsync(new Txn { Then = [new StoreOp.Put("seen/a", "1", lease)] });
        _journal.Next = StoreStatus.Unavailable;
        var failed = _journal.Failed;
        _time.Advance(TimeSpan.FromSeconds(10));
        await failed;
        Assert.Equal(TimeSpan.Zero, (await _store.KeepAliveAsync(lease)).Ttl);
        Assert.Single((await _store.RangeAsync("")).Pairs);
        Assert.Equal(StoreStatus.Unavailable, (await _store.CommitAsync(Put("b", "1"))).Status);
        _journal.Next = StoreStatus.Ok;
        _time.Advance(TimeSpan.FromSeconds(1));
        await foreach (var batch in _store.WatchAsync("", put.Revision + 1))
        {
            Assert.True(Assert.Single(batch.Changes).Deleted);
            break;
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Concurrent_writes_share_commits()
    {
        _journal.Hold();
        var first = _store.CommitAsync(Put("first", "1"));
        await _journal.Writing;
        var rest = Enumerable.Range(0, 100).Select(i => _store.CommitAsync(Put($"key/{i}", "1"))).ToList();
        Assert.Empty((await _store.RangeAsync("")).Pairs);
        Assert.All(rest, answer => Assert.False(answer.IsCompleted));
        _journal.Release();
        Assert.Equal(StoreStatus.Ok, (await first).Status);
        var answers = await Task.WhenAll(rest);
        Assert.Equal(100, answers.Select(answer => answer.Revision).Distinct().Count());
        Assert.InRange(_journal.Writes, 2, 3);
    }

    [Fact(Timeout = Patience)]
    public async Task In_a_failed_commit_only_what_would_have_written_is_unknown()
    {
        _journal.Hold();
        var first = _store.CommitAsync(Put("first", "1"));
        await _journal.Writing;
        var put = _store.CommitAsync(Put("a", "1"));
        var read = _store.CommitAsync(new Txn { Then = [new StoreOp.Get("a")] });
        _journal.Next = StoreStatus.Unknown;
        _journal.Settles = null;
        _journal.Release();
        Assert.Equal(StoreStatus.Unknown, (await first).Status);
        _ = await put;
        Assert.NotEqual(StoreStatus.Unknown, (await read).Status);
    }

    private static Txn Put(string key, string value) => new() { Then = [new StoreOp.Put(key, value)] };

    private sealed class BadJournal : IJournal
    {
        private readonly ManualResetEventSlim _open = new(initialState: true);
        private TaskCompletionSource _failed = New();
        private TaskCompletionSource _writing = New();

        public volatile StoreStatus Next = StoreStatus.Ok;
        public bool? Settles { get; set; } = false;
        public int Writes { get; private set; }
        public Task Failed => (_failed = New()).Task;
        public Task Writing => _writing.Task;
        public long Epoch => 1;

        public void Hold()
        {
            _writing = New();
            _open.Reset();
        }

        public void Release() => _open.Set();

        public StoreState Load(Instant now) => StoreState.Empty;

        public JournalAnswer Write(StoreWrite write)
        {
            Writes++;
            _writing.TrySetResult();
            _open.Wait();
            var status = Next;
            if (status == StoreStatus.Unknown) Next = StoreStatus.Ok;
            if (status == StoreStatus.Unavailable) _failed.TrySetResult();
            return new JournalAnswer(status, "told to fail");
        }

        public bool? Settle() => Settles;

        public void Dispose() => _open.Dispose();

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
