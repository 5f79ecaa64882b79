using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>Carries a pure command into the store: decides on what it reads, commits, and decides again when somebody
/// else was faster. When an answer is lost it reads until it knows what happened, or says that it does not.</summary>
internal sealed class CommandRunner(ClusterPort port)
{
    /// <summary>Each failed attempt means that another command was carried out, or that the store is away.</summary>
    private const int Attempts = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public async Task<(DoneView? Done, ErrorView? Error)> RunAsync(
        Func<ClusterState, CommandStamp, Decision> command, CancellationToken cancellation)
    {
        var stamp = new CommandStamp(Guid.NewGuid().ToString("N"), port.Clock.GetUtcNow());
        var lost = false;
        long? comparedWith = null;
        var trouble = "";
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (attempt > 0) await Task.Delay(Pause, port.Clock, cancellation);
            var range = await port.Store.RangeAsync("", cancellation);
            if (range.Status != StoreStatus.Ok)
            {
                trouble = range.Error;
                continue;
            }
            var state = ClusterState.From(range);
            if (lost && state.Asked?.Value.Command == stamp.Id)
                return (Done(state.Asked.Value.Revision, "done; the store's first answer was lost"), null);
            // Another command came after ours may have: whether ours took effect can no longer be told.
            if (lost && (state.Asked?.ModRevision ?? 0) != comparedWith) break;
            var decision = command(state, stamp);
            if (decision is not Decision.Accepted accepted) return Answer(decision);
            comparedWith = state.Asked?.ModRevision ?? 0;
            var answer = await port.Store.CommitAsync(accepted.Txn, cancellation);
            if (answer is { Status: StoreStatus.Ok, Succeeded: true })
                return (Done(accepted.Revision, accepted.What), null);
            lost |= answer.Status == StoreStatus.Unknown;
            trouble = answer.Status == StoreStatus.Ok ? "other commands were faster every time" : answer.Error;
        }
        return (null, lost ? Unknown(trouble) : Unavailable(trouble));
    }

    private DoneView Done(int revision, string what)
    {
        port.Events.Add(port.Cluster, what);
        return new DoneView(revision, true, what);
    }

    private static (DoneView?, ErrorView?) Answer(Decision decision) => decision switch
    {
        Decision.Unchanged same => (new DoneView(same.Revision, false, same.What), null),
        Decision.Refused { Kind: RefusalKind.BadArgument } bad => (null, new ErrorView(bad.Why, ErrorView.Arguments)),
        Decision.Refused refused => (null, new ErrorView(refused.Why, ErrorView.Conflict)),
        _ => throw new InvalidOperationException($"{decision.GetType().Name} is not an answer"),
    };

    private static ErrorView Unavailable(string trouble) => new(
        $"the store did not take the change: {trouble}. Nothing was changed. Try again", ErrorView.Unavailable);

    private static ErrorView Unknown(string trouble) => new(
        $"the store's answer was lost ({trouble}): whether the change was made is unknown. Look with " +
        "`tangram status` before you repeat it", ErrorView.Unknown);
}
