namespace Tangram.Routing.Rules;

/// <summary>How often the busiest keys of a limit came, in bounded memory and without a lock. A key without a place
/// wears away the one that stands where it would (Misra and Gries 1982), so the busy ones stay and the crowd
/// passes.</summary>
internal sealed class RateDemand
{
    private const int Places = 256;
    private const int Ways = 4;

    private readonly long[] _keys = new long[Places];
    private readonly int[] _counts = new int[Places];

    public void Count(ulong key)
    {
        var wanted = key == 0 ? 1 : (long)key;
        var first = (int)(key % Places);
        for (var way = 0; way < Ways; way++)
        {
            var at = (first + way) % Places;
            var seen = Volatile.Read(ref _keys[at]);
            if (seen == 0 && (seen = Interlocked.CompareExchange(ref _keys[at], wanted, 0)) == 0) seen = wanted;
            if (seen != wanted) continue;
            Interlocked.Increment(ref _counts[at]);
            return;
        }
        if (Interlocked.Decrement(ref _counts[first]) > 0) return;
        Volatile.Write(ref _counts[first], 1);
        Volatile.Write(ref _keys[first], wanted);
    }

    /// <summary>Since the last time.</summary>
    public List<(ulong Key, int Count)> Take()
    {
        var taken = new List<(ulong, int)>();
        for (var at = 0; at < Places; at++)
        {
            var key = Volatile.Read(ref _keys[at]);
            if (key == 0) continue;
            Volatile.Write(ref _keys[at], 0);
            if (Interlocked.Exchange(ref _counts[at], 0) is > 0 and var count) taken.Add(((ulong)key, count));
        }
        return taken;
    }
}
