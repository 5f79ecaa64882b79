using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Which agents a change concerns. To tell every agent of every change would be N² things to say while N nodes
/// report; an agent needs what its own node is assigned and has written, the revisions, and who lives.</summary>
public static class AgentNews
{
    /// <summary>Who lives matters to all agents, for whom they watch, but not at once: a node that was added, lost or
    /// declared dead is told to all with the other such news of this time.</summary>
    public static readonly TimeSpan RingEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Every agent has to know of it now.</summary>
    public static bool ForAll(StoreBatch batch) => batch.Compacted ||
        batch.Changes.Any(change => change.Pair.Key.StartsWith(Keys.Revisions, StringComparison.Ordinal));

    /// <summary>The nodes that it is about; their agents have to know of it now.</summary>
    public static IEnumerable<NodeName> About(StoreBatch batch)
    {
        foreach (var change in batch.Changes)
        {
            var key = change.Pair.Key;
            foreach (var prefix in new[] { Keys.AssignedPrefix, Keys.SeenPrefix, Keys.DeadPrefix })
                if (key.StartsWith(prefix, StringComparison.Ordinal)) yield return NodeName.Of(key[prefix.Length..]);
        }
    }
}
