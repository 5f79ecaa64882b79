using Tangram.Model;

namespace Tangram.Planning;

/// <summary>A parsed file before anyone has asked what it means: scalars, lists and maps, each with its place. Aliases
/// share their subtree, so the same object may be met more than once; there are no cycles.</summary>
public abstract class Tree
{
    private Tree(Place place, long size, long characters, bool tagged) =>
        (Place, Size, Characters, HasTags) = (place, size, characters, tagged);

    public Place Place { get; }

    /// <summary>How many scalars, lists, maps and keys this holds, counting a shared subtree wherever it is
    /// met.</summary>
    public long Size { get; }

    /// <summary>The texts of all of these together, counted likewise.</summary>
    public long Characters { get; }

    /// <summary>Somewhere in it stands a tag of merging.</summary>
    internal bool HasTags { get; }

    /// <summary>"a list", for messages.</summary>
    internal abstract string Kind { get; }

    public sealed class Scalar(Place place, string text, bool quoted) : Tree(place, 1, text.Length, false)
    {
        public string Text { get; } = text;

        /// <summary>Written with quotes or as a block, so that it is text whatever it looks like.</summary>
        public bool Quoted { get; } = quoted;

        public bool IsNull => !Quoted && Text is ("" or "~" or "null" or "Null" or "NULL");
        internal override string Kind => IsNull ? "nothing" : "one value";
    }

    /// <summary>What stands here was refused already, so that readers pass over it without another word.</summary>
    public sealed class Refused(Place place) : Tree(place, 1, 0, false)
    {
        internal override string Kind => "nothing";
    }

    public sealed class List(Place place, IReadOnlyList<Tree> items) : Tree(place, 1 + items.Sum(item => item.Size),
        items.Sum(item => item.Characters), items.Any(item => item.HasTags))
    {
        public IReadOnlyList<Tree> Items { get; } = items;
        internal override string Kind => "a list";
    }

    /// <summary>Its keys are distinct and stand in the file's order.</summary>
    public sealed class Map(Place place, IReadOnlyList<Entry> entries)
        : Tree(place, 1 + entries.Sum(entry => 1 + entry.Value.Size),
            entries.Sum(entry => entry.Key.Characters + entry.Value.Characters),
            entries.Any(entry => entry.Value.HasTags))
    {
        public IReadOnlyList<Entry> Entries { get; } = entries;
        internal override string Kind => "a map";
    }

    /// <summary>Marked <c>!reset</c> or <c>!override</c>: it says how to merge, and is gone once all is
    /// merged.</summary>
    public sealed class Tagged(Place place, MergeTag tag, Tree value)
        : Tree(place, value.Size, value.Characters, true)
    {
        public MergeTag Tag { get; } = tag;
        public Tree Value { get; } = value;
        internal override string Kind => Value.Kind;
    }

    public sealed record Entry(Scalar Key, Tree Value);
}

/// <summary><c>!reset</c> takes away what earlier files said; <c>!override</c> puts its value in the place of
/// it.</summary>
public enum MergeTag { Reset, Override }
