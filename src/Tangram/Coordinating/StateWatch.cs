using System.Text.Json;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Follows the whole store and publishes each new <see cref="ClusterState"/>, in order. After a gap in the
/// history it lists again, and nothing between is taken for seen.</summary>
internal sealed class StateWatch(IStore store, TimeProvider time)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private readonly List<Action<ClusterState>> _listeners = [];
    private readonly Lock _gate = new();
    private volatile ClusterState _state = ClusterState.Empty;

    public ClusterState State => _state;

    /// <summary>Calls the listener with the present state and with each that follows. It must not block.</summary>
    public void Listen(Action<ClusterState> listener)
    {
        lock (_gate)
        {
            _listeners.Add(listener);
            if (_state.Revision > 0) listener(_state);
        }
    }

    public void Leave(Action<ClusterState> listener)
    {
        lock (_gate) _listeners.Remove(listener);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(cancellation).ConfigureAwait(false);
                await Task.Delay(Again, time, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (JsonException e)
            {
                throw new InvalidDataException(
                    $"the store holds a document that this Tangram cannot read: {e.Message}. " +
                                               "It was probably written by a newer one; use that.", e);
            }
        }
    }

    private async Task FollowAsync(CancellationToken cancellation)
    {
        var range = await store.RangeAsync("", cancellation).ConfigureAwait(false);
        if (range.Status != StoreStatus.Ok) return;
        Publish(ClusterState.From(range));
        await foreach (var batch in store.WatchAsync("", range.Revision + 1, cancellation).ConfigureAwait(false))
        {
            if (batch.Compacted) return;
            Publish(_state.Apply(batch));
        }
    }

    private void Publish(ClusterState state)
    {
        lock (_gate)
        {
            if (state.Revision < _state.Revision) return;
            _state = state;
            foreach (var listener in _listeners) listener(state);
        }
    }
}
