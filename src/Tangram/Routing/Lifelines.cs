using Tangram.Routing.Http1;

namespace Tangram.Routing;

/// <summary>What the requests at one backend hang on.</summary>
internal sealed class Lifelines(BackendPool pool)
{
    private readonly CancellationTokenSource _abandon = new();
    private CancellationTokenSource _unreachable = new();

    /// <summary>Its open connections.</summary>
    public BackendPool Pool => pool;

    /// <summary>Fires when the backend's node is declared dead.</summary>
    public CancellationToken Abandon => _abandon.Token;

    /// <summary>Fires when no connection to the backend comes about any more.</summary>
    public CancellationToken Unreachable => Volatile.Read(ref _unreachable).Token;

    public void Cut()
    {
        pool.Close();
        _abandon.Cancel();
    }

    /// <summary>Requests that come later hang on another one.</summary>
    public void LoseTouch() => Interlocked.Exchange(ref _unreachable, new CancellationTokenSource()).Cancel();
}
