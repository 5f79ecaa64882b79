using System.Threading.Tasks.Sources;

namespace Tangram.Routing.Sockets;

/// <summary>Whether one direction of a socket is worth a try. One waits at a time; the poller tells it. Whoever tries
/// calls <see cref="Clear"/> before, so that what happens meanwhile is not missed.</summary>
internal sealed class Readiness : IValueTaskSource
{
    private const int Idle = 0, Ready = 1, Waiting = 2, Closed = 3;

    private ManualResetValueTaskSourceCore<bool> _waiting;
    private int _state;

    /// <summary>Also when it is closed: the try tells so.</summary>
    public bool IsReady => Volatile.Read(ref _state) is Ready or Closed;

    public void Clear() => Interlocked.CompareExchange(ref _state, Idle, Ready);

    public void Mark() => Interlocked.CompareExchange(ref _state, Ready, Idle);

    /// <summary>Done when a try is worth it. What waits goes on where it is told: on the poller's thread.</summary>
    public ValueTask WaitAsync()
    {
        if (IsReady) return ValueTask.CompletedTask;
        _waiting.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle
            ? new ValueTask(this, _waiting.Version)
            : ValueTask.CompletedTask;
    }

    /// <summary>Only the poller calls it.</summary>
    public void Tell()
    {
        if (Interlocked.CompareExchange(ref _state, Ready, Idle) == Idle) return;
        if (Interlocked.CompareExchange(ref _state, Ready, Waiting) == Waiting) _waiting.SetResult(true);
    }

    /// <summary>What waits goes on elsewhere: whoever closes may hold locks.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _state, Closed) == Waiting)
            ThreadPool.UnsafeQueueUserWorkItem(static one => one._waiting.SetResult(true), this, preferLocal: false);
    }

    void IValueTaskSource.GetResult(short token) => _waiting.GetResult(token);
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _waiting.GetStatus(token);
    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiting.OnCompleted(continuation, state, token, flags);
}
