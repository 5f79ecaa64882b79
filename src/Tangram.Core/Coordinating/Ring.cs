using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Who watches whom. The living nodes stand in a circle in the order of a hash of their names; each is watched
/// by <see cref="Watchers"/> of those that follow it, of different zones where it can be, so that after the loss of a
/// whole zone most of the watchers of each lost node still live. Each node then sends and hears a fixed number of
/// heartbeats, however large the cluster is.</summary>
/// <remarks>A node that comes or goes changes the watchers of those shortly before it in the circle and of nobody
/// else: all the other silences go on being counted. The idea of the circle is that of consistent hashing (Karger and
/// others, 1997). It depends on nothing but what the store says, since the leader and the agents must find the same
/// watchers: the leader believes a node's watchers, and a dead node watches nobody.</remarks>
public sealed class Ring
{
    public const int Watchers = 3;

    /// <summary>So many of those that follow a node are looked at, and so no node is watching more than this. That
    /// fewer than two of 16 lie in another zone has, with three equal zones, a chance of one in a million.</summary>
    private const int Reach = 16;

    private readonly Dictionary<NodeName, NodeName[]> _watchers;
    private readonly Dictionary<NodeName, List<NodeName>> _watched = [];

    private Ring(IEnumerable<Member> members)
    {
        var circle = members.OrderBy(m => m.Place).ThenBy(m => m.Name).ToArray();
        _watchers = new Dictionary<NodeName, NodeName[]>(circle.Length);
        for (var i = 0; i < circle.Length; i++)
        {
            var watchers = _watchers[circle[i].Name] = Choose(circle, i);
            foreach (var watcher in watchers)
            {
                if (!_watched.TryGetValue(watcher, out var list)) _watched[watcher] = list = [];
                list.Add(circle[i].Name);
            }
        }
    }

    public static Ring Of(ImmutableSortedDictionary<NodeName, NodeState> nodes) => new(
        from node in nodes.Values
        where node.Dead is null
        select new Member(node.Name, node.Zone ?? default, node.Seen is not null, PlaceOf(node.Name)));

    /// <summary>Whether a node stands in the circle of both states in the same way.</summary>
    public static bool Same(NodeState? before, NodeState? after) =>
        before is { Dead: null } is var stood && stood == after is { Dead: null }
        && (!stood || (before!.Seen is null == after!.Seen is null && before.Zone == after.Zone));

    /// <summary>The nodes that watch <paramref name="node"/>: those to which it sends its heartbeats.</summary>
    public IReadOnlyList<NodeName> WatchersOf(NodeName node) => _watchers.GetValueOrDefault(node) ?? [];

    /// <summary>The nodes that <paramref name="node"/> watches.</summary>
    public IReadOnlyList<NodeName> WatchedBy(NodeName node) => _watched.GetValueOrDefault(node) ?? [];

    private readonly record struct Member(NodeName Name, ZoneName Zone, bool Leased, ulong Place);

    /// <summary>The first of each zone, then others of other zones than its own, then others of its own; those whose
    /// lease is gone only when there are no more.</summary>
    private static NodeName[] Choose(Member[] circle, int at)
    {
        var reach = Math.Min(Reach, circle.Length - 1);
        Span<int> chosen = stackalloc int[Watchers];
        var count = 0;
        for (var pass = 0; pass < 4; pass++)
            for (var i = 1; i <= reach && count < Watchers; i++)
            {
                var next = (at + i) % circle.Length;
                if (!chosen[..count].Contains(next) && Suits(circle, pass, circle[at], circle[next], chosen[..count]))
                    chosen[count++] = next;
            }
        var names = new NodeName[count];
        for (var i = 0; i < count; i++) names[i] = circle[chosen[i]].Name;
        return names;
    }

    private static bool Suits(Member[] circle, int pass, Member watched, Member watcher, ReadOnlySpan<int> chosen)
    {
        if (pass == 3) return true;
        if (!watcher.Leased) return false;
        if (pass == 2) return true;
        if (pass == 1) return watcher.Zone != watched.Zone;
        foreach (var other in chosen) if (circle[other].Zone == watcher.Zone) return false;
        return true;
    }

    /// <summary>FNV-1a (Fowler, Noll and Vo) of the name, mixed once more, because names differ in their last
    /// digits.</summary>
    private static ulong PlaceOf(NodeName name)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in name.Value) hash = (hash ^ c) * 1099511628211UL;
        return new Rng(hash).NextUInt64();
    }
}
