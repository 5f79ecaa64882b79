namespace Tangram.Coordinating.Etcd;

/// <summary>Makes etcd forget old history, so that it does not grow until it refuses to write. Every server does it;
/// who comes second finds it done. Other users of the same etcd keep as much history as we do.</summary>
/// <param name="history">So many revisions are kept, even if they are older.</param>
internal sealed class EtcdCompaction(IStore store, TimeProvider time, long history = StoreEngine.DefaultHistory)
{
    /// <summary>What is younger is kept: nobody who watches is away for longer without listing again anyway.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            for (long before = 0;;)
            {
                await Task.Delay(Every, time, cancellation);
                var answer = await store.CommitAsync(new Txn(), cancellation);
                if (answer.Status != StoreStatus.Ok) continue;
                var forget = Math.Min(before, answer.Revision - history);
                // What fails now is done by the next round.
                if (forget > 1) await store.CompactAsync(forget, cancellation);
                before = answer.Revision;
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }
}
