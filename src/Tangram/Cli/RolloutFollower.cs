using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Watches one revision go out and says how far it is and how it ended. Following changes nothing: when this
/// ends early, the rollout goes on.</summary>
internal sealed class RolloutFollower(CommandContext context, TimeSpan? timeout)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    /// <summary>A restarted daemon answers within a second or two; this leaves time for a person to start it.</summary>
    internal static readonly TimeSpan DaemonAway = TimeSpan.FromSeconds(30);

    private readonly Surroundings _around = context.Around;

    /// <summary>Follows <paramref name="revision"/>, or when null the one that is going out. Returns the exit
    /// code.</summary>
    public async Task<int> FollowAsync(ClusterPlace place, int? revision, CancellationToken cancellation)
    {
        using var client = new ClusterClient(place);
        var progress = new Progress(_around);
        var begun = _around.Clock.GetTimestamp();
        long? awaySince = null;
        while (true)
        {
            try
            {
                var status = await client.GetAsync<StatusView>("/v1/status", cancellation);
                awaySince = null;
                revision ??= status.Rollout?.Target
                    ?? throw new CommandFailure(Exit.Failed,
                        "nothing was ever deployed, so there is nothing to follow");
                if (Ended(status, revision.Value) is { } end) return Say(progress, end.Code, end.Sentence);
                var going = StatusText.Going(status);
                progress.Show(going != "" ? going : StatusText.Sentence(status.Rollout!));
            }
            catch (CommandFailure e) when (e.ExitCode == Exit.NoCluster && revision is not null)
            {
                awaySince ??= _around.Clock.GetTimestamp();
                if (_around.Clock.GetElapsedTime(awaySince.Value) > DaemonAway)
                    return Say(progress, Exit.NoCluster,
                        $"the daemon went away. The rollout of revision {revision} goes on " +
                        "when it is back: start it with `tangram up`, then `tangram deploy --attach` follows it again");
            }
            if (timeout is not null && _around.Clock.GetElapsedTime(begun) > timeout)
                return Say(progress, Exit.Failed,
                    $"revision {revision} is still going out after {Duration.Words(timeout.Value)}. " +
                    "It goes on: `tangram deploy --attach` follows it again");
            await _around.PauseAsync(Every, cancellation);
        }
    }

    /// <summary>Null while it goes on.</summary>
    internal static (int Code, string Sentence)? Ended(StatusView status, int revision)
    {
        if (status.Rollout is not { } rollout || rollout.Target < revision)
            // Deploying what is in force already, after a rollback, names the revision that came back.
            return null;
        if (rollout.Target > revision)
            return rollout is { Stage: "rolledBack" } && rollout.Current == revision
                ? (Exit.Done, $"revision {revision} is in force")
                : (Exit.Failed, $"revision {revision} was superseded by revision {rollout.Target}");
        if (!rollout.Ended()) return null;
        var sentence = StatusText.Sentence(rollout);
        return rollout.Stage switch
        {
            "done" when status.GatewayTroubles is { Count: > 0 } troubles => (Exit.Failed, sentence + ", and " +
                string.Join("; ", troubles.Select(t => $"the gateway {t.Gateway} cannot use what it names: {t.What}"))),
            "done" => (Exit.Done, sentence),
            "paused" => (Exit.Failed, sentence + ". Deploy with --supersede, or `tangram rollback`"),
            _ => (Exit.Failed, sentence),
        };
    }

    private int Say(Progress progress, int code, string sentence)
    {
        progress.Clear();
        if (code == Exit.Done) _around.Print(sentence);
        else _around.PrintError(sentence);
        return code;
    }
}
