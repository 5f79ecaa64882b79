using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>The singletons of this node may run until then, whatever becomes of the agent: the pump tells it to a guard
/// that outlives the agent and ends them at that moment, before it carries out the next effect.</summary>
public sealed record GuardSingletons(Instant Until) : Effect;

/// <summary>How long the singletons of this node may run. Its right rests on three things: <c>seen/NODE</c> was written
/// under the lease that is held now, and a state at least as new as that write has been read. The leader replaces a
/// singleton only after it was withdrawn <em>and</em> <c>seen/NODE</c> is gone, so a node that has read the state under
/// its key knows whether the singleton is still its own. See decision 6.</summary>
/// <param name="until">What an earlier agent of this node had been granted; its survivors may run that long.</param>
internal sealed class Tenure(TimeSpan ttl, Instant until)
{
    private long _lease;
    private long _revision;
    private bool _current;

    public Instant Until { get; private set; } = until;

    /// <summary>Asked to end before this, a singleton has some time left to do so by itself.</summary>
    private Instant TermAt => Until - ttl / 6;

    /// <summary>Two ticks before the end, so that a late one is early enough.</summary>
    public Instant KillAt => Until - ttl / 15;

    /// <summary><c>seen/NODE</c> was written under a lease, at a revision of the store.</summary>
    public void Confirm(long lease, long revision)
    {
        // Only the first write under a lease counts: the key hangs on it from then on.
        if (lease != _lease) (_lease, _revision) = (lease, revision);
    }

    public void Renew(LeaseKeeper lease, ClusterState state, NodeIdentity identity)
    {
        var seen = state.Nodes.GetValueOrDefault(identity.Name)?.Seen?.Value;
        _current = _lease != 0 && _lease == lease.Lease && state.Revision >= _revision
                   && seen?.Incarnation == identity.Incarnation;
        if (_current && lease.Deadline > Until) Until = lease.Deadline;
    }

    /// <summary>A survivor of an earlier agent may go on for as long as that one had the right; to start one takes our
    /// own.</summary>
    public bool MayStart(Instant now) => _current && MayRun(now);

    public bool MayRun(Instant now) => now < TermAt;
}
