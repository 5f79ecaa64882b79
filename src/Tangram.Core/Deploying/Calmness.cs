using System.Collections.Immutable;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Whether replicas may move for a better spread: not while nodes come, go or are suspected, not while
/// anything goes out, and not at once after it. Kept in this server's memory, also while another one leads; the time
/// begins anew with every leader.</summary>
internal sealed class Calmness
{
    /// <summary>A node that returns is often busy at first, or not there for good.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>The pause doubles with each death of a node that returns, or it would pull replicas to and fro for as
    /// long as it comes and goes.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>How long a service is left as it is when its replica did not become ready at its new place.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(10);

    private readonly Dictionary<NodeName, int> _deaths = [];
    private readonly Dictionary<ServiceName, Instant> _resting = [];
    private ImmutableHashSet<NodeName> _alive = [], _back = [];
    private ClusterState? _state;
    private Instant _from;

    /// <summary>Nodes that came after this server first looked.</summary>
    public ImmutableHashSet<NodeName> Back => _back;

    public ImmutableHashSet<ServiceName> Resting(Instant now) =>
        [.. _resting.Where(r => now < r.Value).Select(r => r.Key)];

    public bool Is(Instant now) => now >= _from;

    /// <summary>Something is not as it should be, or has just been otherwise.</summary>
    public void Disturb(Instant now) => Wait(now + Pause);

    public void GiveUp(ServiceName service, Instant now) => _resting[service] = now + Rest;

    public void Take(ClusterState state, Instant now)
    {
        var before = _state;
        _state = state;
        if (before is null || !ReferenceEquals(before.Ring, state.Ring)) Count(state, now);
        if (before?.Asked?.ModRevision != state.Asked?.ModRevision || !Quiet(state)) Disturb(now);
    }

    private static bool Quiet(ClusterState state) => !Rollouts.InProgress(state)
        && state.Rollout?.Value.Stage is RolloutStage.Done or RolloutStage.RolledBack;

    private void Count(ClusterState state, Instant now)
    {
        var known = _alive.Count > 0;
        var dead = state.Nodes.Values.Where(n => n.Dead is not null).Select(n => n.Name).ToHashSet();
        foreach (var name in dead) if (_alive.Contains(name)) _deaths[name] = _deaths.GetValueOrDefault(name) + 1;
        // One whose lease is gone may be there: it has neither died nor come.
        var alive = state.Nodes.Values.Where(n => n.Alive || (n.Dead is null && _alive.Contains(n.Name)))
            .Select(n => n.Name).ToImmutableHashSet();
        var came = known ? alive.Except(_alive) : [];
        _back = _back.Union(came).Except(dead);
        Wait(now + came.Select(PauseOf).Append(Pause).Max());
        _alive = alive;
    }

    private void Wait(Instant until)
    {
        if (until > _from) _from = until;
    }

    private TimeSpan PauseOf(NodeName node)
    {
        var pause = Pause * Math.Pow(2, Math.Clamp(_deaths.GetValueOrDefault(node) - 1, 0, 16));
        return pause < LongestPause ? pause : LongestPause;
    }
}
