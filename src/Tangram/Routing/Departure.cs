namespace Tangram.Routing;

/// <summary>The gateway's leaving: from its beginning on every HTTP/1.1 response closes its connection and HTTP/2
/// clients are told to go elsewhere, while new connections are still answered. So clients leave between two requests of
/// their own, and no request meets a connection that we close. Thread-safe.</summary>
internal sealed class Departure
{
    private readonly CancellationTokenSource _begun = new();
    private readonly TaskCompletionSource _allGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _before = 1;

    public bool Begun => _begun.IsCancellationRequested;

    /// <summary>Done when every connection that is open now has ended.</summary>
    public async Task BeginAsync()
    {
        await _begun.CancelAsync().ConfigureAwait(false);
        Leave();
        await _allGone.Task.ConfigureAwait(false);
    }

    /// <summary>A connection has come. <paramref name="leave"/> is called once when the gateway begins to leave; it
    /// must not block. Dispose the answer at the connection's end.</summary>
    public IDisposable Enter(Action leave)
    {
        // Those that come later are closed by their first response anyway.
        if (Begun) return CancellationToken.None.Register(() => { });
        Interlocked.Increment(ref _before);
        return new Stay(this, _begun.Token.Register(leave));
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _before) == 0) _allGone.TrySetResult();
    }

    private sealed class Stay(Departure departure, CancellationTokenRegistration registration) : IDisposable
    {
        public void Dispose()
        {
            registration.Dispose();
            departure.Leave();
        }
    }
}
