using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>What the leader concludes about nodes, and the sentence that explains it.</summary>
public sealed record MembershipVerdict(EquatableArray<(NodeName Node, string Because)> Died,
    EquatableArray<(NodeName Node, string Because)> Returned, string? Brake);

/// <summary>The leader's view of who lives. A missing heartbeat is only suspicion. A node is dead when the leader and a
/// majority of the node's watchers have heard nothing for <see cref="Silence"/>, or when its lease is gone and no
/// watcher hears it. Of one whose agent is being replaced silence is expected. When most of the living nodes fall
/// silent together, the fault is more likely on our side: nothing is declared dead.</summary>
public sealed class Membership
{
    /// <summary>Three missed heartbeats: short enough to have a node declared dead within 3 s, long enough for a
    /// garbage collection or a busy core.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(1.5);

    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(0.5);

    /// <summary>How long a node whose agent is being replaced is waited for.</summary>
    public static readonly TimeSpan AwayTime = TimeSpan.FromSeconds(15);

    /// <summary>Nodes that died at one instant fall silent within one heartbeat of each other, so the brake counts
    /// those that are silent one heartbeat less than <see cref="Silence"/>.</summary>
    private static readonly TimeSpan Suspicion = Silence - Heartbeat;

    private readonly Dictionary<NodeName, Instant> _heard = [];
    private readonly Dictionary<NodeName, Message> _said = [];
    private ImmutableSortedDictionary<NodeName, NodeState>? _known;
    private NodeState[] _living = [];
    private NodeState[] _dead = [];
    private HashSet<NodeName> _away = [];
    private Instant _lastTurn;

    public void Hear(Message message, Instant now)
    {
        _heard[message.From] = now;
        _said[message.From] = message;
    }

    /// <summary>Starts to judge anew: a new leader, or one that was itself asleep, has no right to count old
    /// silence.</summary>
    public void Reset()
    {
        _heard.Clear();
        _said.Clear();
    }

    /// <summary>How long nothing has been heard from a node; zero for one first met now.</summary>
    public TimeSpan SilenceOf(NodeName node, Instant now)
    {
        if (_heard.TryGetValue(node, out var heard)) return now - heard;
        _heard[node] = now;
        return TimeSpan.Zero;
    }

    /// <summary>When it last judged, a node was silent for longer than usual, or its agent was being
    /// replaced.</summary>
    public bool Doubts { get; private set; }

    public MembershipVerdict Judge(ClusterState state, Instant now)
    {
        if (now - _lastTurn > Suspicion) Reset();
        _lastTurn = now;
        Know(state, now);
        var (suspects, silent) = (0, 0);
        foreach (var node in _living)
        {
            var silence = SilenceOf(node.Name, now);
            if (silence >= Suspicion) suspects++;
            if (silence >= Silence) silent++;
        }
        Doubts = suspects > 0 || _away.Count > 0;
        var returned = _dead
            .Where(n => SilenceOf(n.Name, now) < Heartbeat * 2 && HasReported(n))
            .Select(n => (n.Name, "its agent is heard again")).ToEquatableArray();
        if (suspects == 0) return new([], returned, null);

        var died = _living.Select(n => (Node: n.Name, Because: WhyDead(n, state.Ring, now)))
            .Where(d => d.Because is not null).Select(d => (d.Node, d.Because!)).ToEquatableArray();
        if (suspects * 2 <= _living.Length) return new(died, returned, null);
        if (died.Count == 0 && silent * 2 <= _living.Length) return new([], returned, null);
        return new([], returned,
            $"{suspects} of {_living.Length} nodes fell silent together: nothing is declared dead, " +
                                 "because the fault is more likely in the network around the leader");
    }

    /// <summary>It is asked at every tick and the nodes seldom change.</summary>
    private void Know(ClusterState state, Instant now)
    {
        if (ReferenceEquals(_known, state.Nodes)) return;
        _known = state.Nodes;
        _living = [.. state.Nodes.Values.Where(n => n.Dead is null && !Away(n))];
        _dead = [.. state.Nodes.Values.Where(n => n.Dead is not null)];
        // The next agent may be seen before it is heard.
        foreach (var node in _living)
            if (_away.Contains(node.Name) && node.Seen is not null) _heard[node.Name] = now;
        _away = [.. state.Nodes.Values.Where(Away).Select(n => n.Name)];
    }

    /// <summary>The agent that is heard has written what runs there: what the one before it wrote says that replicas
    /// are ready which went with it.</summary>
    private bool HasReported(NodeState node) =>
        _said.TryGetValue(node.Name, out var said) && node.Seen?.Value.Incarnation >= said.Incarnation;

    private static bool Away(NodeState node) => node.Seen?.Value.Away == true;

    private string? WhyDead(NodeState node, Ring ring, Instant now)
    {
        var silence = SilenceOf(node.Name, now);
        if (silence < Silence) return null;
        var watchers = ring.WatchersOf(node.Name);
        var present = watchers.Where(w => SilenceOf(w, now) < Silence).ToArray();
        var confirming = present.Count(w => _said.TryGetValue(w, out var said) && said.Unheard.Contains(node.Name));
        if (confirming * 2 > watchers.Count)
            return $"{confirming} of {watchers.Count} neighbours and the leader have heard nothing for " +
                   $"{silence.TotalSeconds:0.0} s";
        if (node.Seen is null && confirming == present.Length)
            return $"its lease is gone and no neighbour hears it";
        return null;
    }
}
