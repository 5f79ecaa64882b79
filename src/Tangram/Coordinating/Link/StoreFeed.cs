namespace Tangram.Coordinating.Link;

/// <summary>A server's copy of the store, from which the many that follow it are served: one watch on the store,
/// whatever their number. While the store is away it goes on answering with what it knows.</summary>
internal sealed class StoreFeed(IStore store, TimeProvider time)
{
    /// <summary>An agent that changes servers resumes from here; one that was away for longer lists again.</summary>
    private const int History = 2_000;

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    private readonly Watchers _watchers = new(StoreState.Empty with { Revision = 0 });

    /// <summary>Nothing has been read yet: there is nothing to serve.</summary>
    public bool IsEmpty => _watchers.State.Revision == 0;

    public RangeAnswer Range(string prefix) => IsEmpty
        ? new RangeAnswer(StoreStatus.Unavailable, 0, [], "this server has not reached the store yet")
        : _watchers.Range(prefix);

    public IAsyncEnumerable<StoreBatch> WatchAsync(string prefix, long from, CancellationToken cancellation) =>
        _watchers.WatchAsync(prefix, from, cancellation);

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await FollowAsync(cancellation).ConfigureAwait(false);
                await Task.Delay(Again, time, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _watchers.Close();
        }
    }

    private async Task FollowAsync(CancellationToken cancellation)
    {
        if (IsEmpty && !await ListAsync(cancellation).ConfigureAwait(false)) return;
        var next = _watchers.State.Revision + 1;
        await foreach (var batch in store.WatchAsync("", next, cancellation).ConfigureAwait(false))
        {
            if (batch.Compacted)
            {
                await ListAsync(cancellation).ConfigureAwait(false);
                return;
            }
            _watchers.Publish(_watchers.State.Followed(batch, History), [batch]);
        }
    }

    /// <summary>After a gap whoever follows is told so: its stream ends with "compacted", and it lists again.</summary>
    private async Task<bool> ListAsync(CancellationToken cancellation)
    {
        var range = await store.RangeAsync("", cancellation).ConfigureAwait(false);
        if (range.Status != StoreStatus.Ok || range.Revision < _watchers.State.Revision) return false;
        var state = StoreState.Empty with
        {
            Revision = range.Revision, OldestKept = range.Revision + 1, Pairs = StoreState.NoPairs.Union(range.Pairs),
        };
        _watchers.Publish(state, [new StoreBatch(range.Revision, [], Compacted: true)]);
        return true;
    }
}
