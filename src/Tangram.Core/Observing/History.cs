using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>The revisions that are kept: what each changed, and which is in force.</summary>
public static class History
{
    /// <summary>Newest first.</summary>
    public static HistoryView[] Of(ClusterState state) =>
        [.. state.Revisions.Values.Reverse().Select(revision => View(state, revision))];

    private static HistoryView View(ClusterState state, Revision revision)
    {
        var before = state.Spec(revision.Replaces);
        var services = revision.Spec.Services.Where(s => before?.Find(s.Name) != s)
            .Concat((before?.Services ?? []).Where(s => revision.Spec.Find(s.Name) is null))
            .Select(s => s.Name.Value);
        return new HistoryView(revision.Number, revision.At, revision.Origin, revision.Replaces, Word(state, revision),
            revision.Replaces > 0 && before is null ? [] : [.. services]);
    }

    private static string Word(ClusterState state, Revision revision)
    {
        var number = revision.Number;
        if (Rollouts.InProgress(state) && state.Rollout?.Value.Target == number) return "going out";
        if (RevisionHistory.InForce(state) == number) return "in force";
        return state.Rollout?.Value is { Stage: RolloutStage.RolledBack or RolloutStage.Failed } ended
            && ended.Target == number ? "rolled back" : "";
    }
}
