using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Whether a replica already runs what is asked for, although another revision started it.</summary>
public static class Templates
{
    public static bool Same(ClusterState state, int revision, ServiceSpec wanted)
    {
        var running = state.Spec(revision)?.Find(wanted.Name);
        return running is not null && (ReferenceEquals(running, wanted) || running.Template == wanted.Template);
    }

    /// <summary>Whether a replica of that revision is to be replaced. A paused rollout replaces none.</summary>
    public static bool Stale(ClusterState state, int revision, ServiceSpec wanted) =>
        state.Rollout?.Value.Stage != RolloutStage.Paused && !Same(state, revision, wanted);

    /// <summary>The revisions among those of the replicas that run another template than the wanted one.</summary>
    public static HashSet<int> Stale(ClusterState state, ServiceSpec wanted, IEnumerable<Standing> replicas)
    {
        var (stale, compared, last) = (new HashSet<int>(), new HashSet<int>(), -1);
        foreach (var replica in replicas)
        {
            var revision = replica.Assignment.Revision;
            // Neighbours mostly run the same revision.
            if (revision == last || !compared.Add(last = revision)) continue;
            if (Stale(state, revision, wanted)) stale.Add(revision);
        }
        return stale;
    }

    /// <summary>The services whose replicas have to move between two revisions, in the order of names.</summary>
    public static IEnumerable<ServiceSpec> Changed(ClusterSpec? from, ClusterSpec to) =>
        to.Services.Where(s => from?.Find(s.Name) is not { } before || before.Template != s.Template);
}
