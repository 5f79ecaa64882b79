using System.Text.Json;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Follows the whole store and publishes each new <see cref="ClusterState"/>, in order. After a gap in the
/// history it lists again, and nothing between is taken for seen. With a copy, what the store said last is published
/// when it does not answer at first.</summary>
internal sealed class StateWatch(
    IStore store, TimeProvider time, StateCopy? copy = null, TimeSpan recallAfter = default)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    /// <summary>Until the copy is taken, where a state has processes started and stopped: by an old one they shall not
    /// be when the present one is a moment away.</summary>
    public static readonly TimeSpan RecallAfter = TimeSpan.FromSeconds(3);

    /// <summary>The same where a state has only requests sent, which wait for it.</summary>
    public static readonly TimeSpan RecallSoon = TimeSpan.FromSeconds(1);

    private readonly List<Action<ClusterState>> _listeners = [];
    private readonly Lock _gate = new();
    private volatile ClusterState _state = ClusterState.Empty;

    public ClusterState State => _state;

    /// <summary>Calls the listener with the present state and with each that follows. It must not block. Do not call
    /// it under a lock that a listener takes: listeners are called under ours.</summary>
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
        var copying = copy is null ? Task.CompletedTask : CopyAsync(copy, cancellation);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(cancellation).ConfigureAwait(false);
                await Task.Delay(Again, time, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                break;
            }
            catch (JsonException e)
            {
                throw new InvalidDataException(
                    $"the store holds a document that this Tangram cannot read: {e.Message}. " +
                                               "It was probably written by a newer one; use that.", e);
            }
        }
        await copying.ConfigureAwait(false);
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

    /// <summary>Recalls the last known state if none has come by then, and keeps those that come.</summary>
    private async Task CopyAsync(StateCopy copy, CancellationToken cancellation)
    {
        var kept = ClusterState.Empty;
        try
        {
            await Task.Delay(recallAfter, time, cancellation).ConfigureAwait(false);
            if (_state.Revision == 0 && copy.Read() is { } last) Publish(last);
            while (true)
            {
                var begun = time.GetTimestamp();
                kept = Keep(copy, kept);
                // A large state is written less often: for at most a twentieth of the time.
                var rest = time.GetElapsedTime(begun) * 20;
                await Task.Delay(rest > StateCopy.Every ? rest : StateCopy.Every, time, cancellation)
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Keep(copy, kept);
        }
    }

    private ClusterState Keep(StateCopy copy, ClusterState kept)
    {
        if (_state is { Revision: > 0, Recalled: false } state && !ReferenceEquals(state, kept))
            copy.Write(kept = state);
        return kept;
    }

    private void Publish(ClusterState state)
    {
        lock (_gate)
        {
            // The store's own word replaces the copy's, whatever their revisions.
            if (state.Recalled ? _state.Revision > 0 : !_state.Recalled && state.Revision < _state.Revision) return;
            _state = state;
            // One of them may begin to listen with another: that one has been told already.
            foreach (var listener in _listeners.ToArray()) listener(state);
        }
    }
}
