using Tangram.Model;

namespace Tangram.Proving.Proofs;

/// <summary>What a proof is asked for.</summary>
public sealed record ProofWish
{
    /// <summary>Each drill's own is drawn from it.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Names of drills; empty: all.</summary>
    public EquatableArray<string> Only { get; init; }
    public EquatableArray<string> Except { get; init; }

    /// <summary>No drill is begun that would end after it. Null: as long as it takes.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>Also after a drill that was broken.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>Of the error budget.</summary>
    public bool Regardless { get; init; }

    public bool Wants(string drill) => (Only.Count == 0 || Only.Contains(drill)) && !Except.Contains(drill);

    /// <summary>Known from the two alone, so that a drill has the same one whatever else is held.</summary>
    public ulong SeedOf(string drill)
    {
        // FNV-1a.
        var hash = 14695981039346656037UL;
        foreach (var letter in drill) hash = (hash ^ letter) * 1099511628211UL;
        // Short enough to be typed.
        return new Rng(Seed ^ hash).NextUInt64() >> 16;
    }
}
