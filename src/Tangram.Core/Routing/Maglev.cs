using System.Collections.Immutable;

namespace Tangram.Routing;

/// <summary>Which backend a key belongs to: Google's Maglev table (Eisenbud and others, NSDI 2016). Every backend fills
/// slots in an order of its own, in turn; so all have nearly the same number, and when one leaves, few keys of the
/// others move. Immutable; a gateway makes it when routes are published, and all gateways make the same.</summary>
public sealed class Maglev
{
    /// <summary>A prime. With up to 655 backends each has a hundred slots or more, and so within 1 % of its
    /// share.</summary>
    public const int Size = 65_537;

    /// <summary>The most backends that it tells apart; more do not fit into its slots anyhow.</summary>
    private const int Most = ushort.MaxValue;

    private readonly ImmutableArray<(string Name, double Weight)> _backends;
    private readonly ushort[] _slots = new ushort[Size];

    private Maglev(ImmutableArray<(string Name, double Weight)> backends)
    {
        _backends = backends;
        if (backends.Length == 0) return;
        MeanWeight = backends.Average(b => b.Weight);
        Fill();
    }

    public double MeanWeight { get; } = 1;

    /// <summary>The index of the backend to which a key belongs.</summary>
    public int this[ulong key] => _slots[key % Size];

    /// <summary>Made anew only when the backends or their weights are others than before.</summary>
    internal static Maglev Of(ReadOnlySpan<Backend> backends, Maglev? before)
    {
        var names = ImmutableArray.CreateBuilder<(string, double)>(backends.Length);
        foreach (var backend in backends[..Math.Min(backends.Length, Most)])
            names.Add((backend.Replica.Value, backend.Weight));
        var all = names.DrainToImmutable();
        return before is not null && before._backends.SequenceEqual(all) ? before : new Maglev(all);
    }

    private void Fill()
    {
        var count = _backends.Length;
        var heaviest = _backends.Max(b => b.Weight);
        var (next, skip) = (new int[count], new int[count]);
        for (var i = 0; i < count; i++)
        {
            var hash = KeyHash.Of(_backends[i].Name);
            next[i] = (int)(hash % Size);
            skip[i] = (int)(KeyHash.Mix(hash) % (Size - 1)) + 1;
        }
        var (taken, left) = (new bool[Size], Size);
        for (var round = 0L; ; round++)
            for (var i = 0; i < count; i++)
            {
                if (!Turns.IsDue(_backends[i].Weight / heaviest, round, i)) continue;
                while (taken[next[i]]) next[i] = (next[i] + skip[i]) % Size;
                taken[next[i]] = true;
                _slots[next[i]] = (ushort)i;
                if (--left == 0) return;
            }
    }
}
