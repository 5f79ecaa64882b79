namespace Tangram.Coordinating.Link;

/// <summary>Whether this server is in touch with the store: asked for a small linearizable read again and
/// again.</summary>
internal sealed class StoreContact(IStore store, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private volatile bool _answers;

    public bool Answers => _answers;

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var answer = await store.CommitAsync(new Txn(), cancellation).ConfigureAwait(false);
                _answers = answer.Status == StoreStatus.Ok;
                await Task.Delay(Every, time, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }
}
