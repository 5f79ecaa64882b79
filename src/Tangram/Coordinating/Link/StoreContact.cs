using Tangram.Coordinating.Trust;

namespace Tangram.Coordinating.Link;

/// <summary>Whether this server is in touch with the store: asked for a small linearizable read again and
/// again.</summary>
/// <param name="announce">When the store is lost, why, and when it is back.</param>
internal sealed class StoreContact(IStore store, TimeProvider time, Action<string> announce)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private readonly Announcer _announcer = new(time, announce);
    private volatile bool _answers;

    public bool Answers => _answers;

    public async Task RunAsync(CancellationToken cancellation)
    {
        var lost = false;
        try
        {
            while (true)
            {
                var answer = await store.CommitAsync(new Txn(), cancellation).ConfigureAwait(false);
                _answers = answer.Status == StoreStatus.Ok;
                if (!_answers)
                    _announcer.Say($"the store does not answer: {answer.Error}. What runs goes on; nothing can be " +
                                   "changed until it does");
                else if (lost) announce("the store answers again");
                lost = !_answers;
                await Task.Delay(Every, time, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }
}
