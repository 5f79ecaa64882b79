using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>What the documents say about the rollout as a whole.</summary>
public static class Rollouts
{
    /// <summary>A revision was asked for and has not ended yet, well or badly.</summary>
    public static bool InProgress(ClusterState state) => state.Asked is { } asked
        && (state.Rollout?.Value is not { } rollout || asked.Value.Revision > rollout.Target || !rollout.Ended);

    /// <summary>What was asked for is what is in force.</summary>
    public static bool Succeeded(ClusterState state) => state.Asked is not null && !InProgress(state)
        && state.Rollout!.Value.Stage == RolloutStage.Done;

    public static string Words(RolloutStage stage) => stage switch
    {
        RolloutStage.Rolling => "rolling out",
        RolloutStage.Watching => "being watched",
        RolloutStage.RollingBack => "rolling back",
        RolloutStage.Paused => "paused",
        RolloutStage.Done => "done",
        RolloutStage.RolledBack => "rolled back",
        _ => "failed",
    };
}
