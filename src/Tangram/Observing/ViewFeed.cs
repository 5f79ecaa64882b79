using Tangram.Coordinating;

namespace Tangram.Observing;

/// <summary>What a watcher gets next.</summary>
/// <param name="Cursor">Where to go on after it.</param>
/// <param name="Snapshot">Null: a delta.</param>
internal sealed record WatchItem(string Cursor, ClusterView? Snapshot, DeltaView? Delta);

/// <summary>Views of the cluster, each as its difference from the one before. Only the differences are kept, once for
/// all watchers and only the newest; a watcher is nothing but a place among them. Who falls behind what is kept begins
/// with a new snapshot. Views are made when a watcher asks, so nothing is done while there is none.</summary>
internal sealed class ViewFeed
{
    /// <summary>Entries of deltas that are kept, at about 200 bytes each.</summary>
    public const int MostEntries = 20_000;

    /// <summary>Changes that come together are one delta.</summary>
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(50);

    /// <summary>A view costs in proportion to the cluster; this keeps it below a fifth of a core.</summary>
    private const int PauseForEachCost = 4;

    private readonly ClusterPort _port;
    private readonly Lock _gate = new();
    private readonly string _name = Guid.NewGuid().ToString("N")[..8];
    private readonly Queue<(long Number, DeltaView Delta)> _kept = new();
    private TaskCompletionSource _changed = New();
    private (ClusterState State, StaleView? Stale) _seen = (ClusterState.Empty, null);
    private ClusterView? _view;
    private long _number;
    private int _entries;
    private TimeSpan _cost;

    public ViewFeed(ClusterPort port)
    {
        _port = port;
        port.Listen(_ => Wake());
    }

    /// <summary>After each change of the state.</summary>
    public Task Changed
    {
        get { lock (_gate) return _changed.Task; }
    }

    /// <summary>Of the deltas that are kept now.</summary>
    public int Entries
    {
        get { lock (_gate) return _entries; }
    }

    /// <summary>How long to leave changes together after one was sent.</summary>
    public TimeSpan Pause => _cost * PauseForEachCost is var pause && pause > LeastPause ? pause : LeastPause;

    /// <summary>All that has changed since, oldest first; one snapshot when there is no telling what has.</summary>
    public IReadOnlyList<WatchItem> After(string? cursor)
    {
        lock (_gate)
        {
            Look();
            if (Number(cursor) is not { } known || known > _number || known < _number - _kept.Count)
                return [new WatchItem(Cursor(_number), _view, null)];
            return [.. _kept.Where(k => k.Number > known)
                .Select(k => new WatchItem(Cursor(k.Number), null, k.Delta))];
        }
    }

    private void Look()
    {
        var now = (_port.State(), _port.Stale());
        if (_view is not null && ReferenceEquals(now.Item1, _seen.State) && now.Item2 == _seen.Stale) return;
        var begun = _port.Clock.GetTimestamp();
        _seen = now;
        var view = ClusterView.Of(now.Item1, _port.Cluster, now.Item2);
        if (_view is null) _view = view;
        else if (Delta.Between(_view, view) is var delta && delta.Count() > 0) Keep(view, delta);
        _cost = _port.Clock.GetElapsedTime(begun);
    }

    private void Keep(ClusterView view, DeltaView delta)
    {
        _view = view;
        _kept.Enqueue((++_number, delta));
        _entries += delta.Count();
        while (_entries > MostEntries) _entries -= _kept.Dequeue().Delta.Count();
    }

    private void Wake()
    {
        TaskCompletionSource before;
        lock (_gate) (before, _changed) = (_changed, New());
        before.TrySetResult();
    }

    // Another daemon's numbers mean nothing here.
    private string Cursor(long number) => FormattableString.Invariant($"{_name}-{number}");

    private long? Number(string? cursor) =>
        cursor is not null && cursor.StartsWith(_name + "-", StringComparison.Ordinal)
        && long.TryParse(cursor.AsSpan(_name.Length + 1), out var number) ? number : null;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
