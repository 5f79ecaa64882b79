namespace Tangram.Model;

/// <summary>Seeded chance: the same seed gives the same sequence everywhere. SplitMix64 (Steele, Lea and Flood,
/// OOPSLA 2014): one addition and three multiplications or shifts a number, and any seed is a good seed.</summary>
public sealed class Rng(ulong seed)
{
    private ulong _state = seed;

    public ulong NextUInt64()
    {
        var z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>A whole number in [0, <paramref name="below"/>). Throws when <paramref name="below"/> is not
    /// positive.</summary>
    public int Next(int below)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(below);
        return (int)(((NextUInt64() >> 32) * (ulong)below) >> 32);
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>A duration in [<paramref name="least"/>, <paramref name="most"/>).</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => least + (most - least) * NextDouble();

    /// <summary>An independent stream, so that adding a draw in one place does not shift every other.</summary>
    public Rng Split() => new(NextUInt64());
}
