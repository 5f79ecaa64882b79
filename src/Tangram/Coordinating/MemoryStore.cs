namespace Tangram.Coordinating;

/// <summary>A store that lasts as long as its process.</summary>
internal sealed class MemoryStore : IStore
{
    private readonly Lock _gate = new();
    private readonly StoreEngine _engine;
    private readonly Watchers _watchers;
    private readonly TimeProvider _time;
    private readonly LeaseTimer _timer;
    private bool _closed;

    public MemoryStore(TimeProvider time, int history = StoreEngine.DefaultHistory)
    {
        _time = time;
        _engine = new StoreEngine(history: history);
        _watchers = new Watchers(_engine.State);
        _timer = new LeaseTimer(time, Expire);
    }

    public Task<RangeAnswer> RangeAsync(string prefix, CancellationToken cancellation = default) =>
        Answer(() => _watchers.Range(prefix), Closed.Range, cancellation);

    public Task<TxnAnswer> CommitAsync(Txn txn, CancellationToken cancellation = default) => Answer(
        () =>
        {
            var (answer, batch) = _engine.Apply(txn);
            Publish(batch);
            return answer;
        },
        Closed.Txn, cancellation);

    public Task<LeaseAnswer> GrantAsync(TimeSpan ttl, CancellationToken cancellation = default) => Answer(
        () =>
        {
            var answer = _engine.Grant(ttl, _time.Now());
            _timer.WakeAt(_engine.State.NextDeadline);
            return answer;
        },
        Closed.Lease, cancellation);

    public Task<LeaseAnswer> KeepAliveAsync(long lease, CancellationToken cancellation = default) =>
        Answer(() => _engine.KeepAlive(lease, _time.Now()), Closed.Lease, cancellation);

    public Task<LeaseAnswer> RevokeAsync(long lease, CancellationToken cancellation = default) => Answer(
        () =>
        {
            var (answer, batch) = _engine.Revoke(lease);
            Publish(batch);
            return answer;
        },
        Closed.Lease, cancellation);

    public IAsyncEnumerable<StoreBatch> WatchAsync(
        string prefix, long fromRevision, CancellationToken cancellation = default) =>
        _watchers.WatchAsync(prefix, fromRevision, cancellation);

    public Task<TxnAnswer> CompactAsync(long revision, CancellationToken cancellation = default) => Answer(
        () =>
        {
            var answer = _engine.Compact(revision);
            Publish(null);
            return answer;
        },
        Closed.Txn, cancellation);

    public ValueTask DisposeAsync()
    {
        lock (_gate) _closed = true;
        _timer.Dispose();
        _watchers.Close();
        return ValueTask.CompletedTask;
    }

    private Task<T> Answer<T>(Func<T> ask, T closed, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested) return Task.FromCanceled<T>(cancellation);
        lock (_gate) return Task.FromResult(_closed ? closed : ask());
    }

    private void Expire()
    {
        lock (_gate)
        {
            if (_closed) return;
            var batches = _engine.Expire(_time.Now());
            _watchers.Publish(_engine.State, batches);
            _timer.WakeAt(_engine.State.NextDeadline);
        }
    }

    private void Publish(StoreBatch? batch) => _watchers.Publish(_engine.State, batch is null ? [] : [batch]);
}
