using Tangram.Coordinating.Trust;
using Tangram.Observing;

namespace Tangram.Coordinating.Link;

/// <summary>Whether this server is in touch with the store: asked for a small linearizable read again and
/// again.</summary>
/// <param name="announce">When the store is lost, why, and when it is back.</param>
internal sealed class StoreContact(IStore store, TimeProvider time, Action<string> announce)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>Three questions, and time for a slow answer.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    private readonly Announcer _announcer = new(time, announce);
    private volatile bool _answers;
    private volatile Contact _last = new(null, time.GetTimestamp(), "it has not answered yet");

    private sealed record Contact(DateTimeOffset? At, long Stamp, string Trouble);

    public bool Answers => _answers;

    /// <summary>Not null when it does not answer, or has not for a while: what was read of it may be old.</summary>
    public StaleView? Stale() => _last is var last && (_answers || last.Trouble == "")
        && time.GetElapsedTime(last.Stamp) < Silence
        ? null
        : new StaleView(last.At, last.Trouble == "" ? "it is silent" : last.Trouble);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var lost = false;
        try
        {
            while (true)
            {
                var answer = await store.CommitAsync(new Txn(), cancellation).ConfigureAwait(false);
                _answers = answer.Status == StoreStatus.Ok;
                _last = _answers ? new Contact(time.GetUtcNow(), time.GetTimestamp(), "")
                    : _last with { Trouble = answer.Error };
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
