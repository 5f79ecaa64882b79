using System.Runtime.CompilerServices;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Requests and failures of the last while, in ten buckets. A bucket is one word (its number, requests,
/// failures), so requests count without a lock.</summary>
/// <remarks>Mutable: keep it in a field. Its readers and writers give the same width each time.</remarks>
internal struct SlidingWindow
{
    private const int Buckets = 10;

    /// <summary>Counts have 20 bits; a bucket with more counts no further, which changes no rate.</summary>
    private const int Bits = 20;
    private const long Full = (1L << Bits) - 1;
    private const long NumberMask = (1L << (64 - 2 * Bits)) - 1;

    private Words _words;

    public void Count(int requests, int failures, TimeSpan width, Instant now)
    {
        var number = Number(width, now);
        ref var word = ref _words[(int)(number % Buckets)];
        while (true)
        {
            var seen = Volatile.Read(ref word);
            var kept = NumberOf(seen) == number ? seen : number << (2 * Bits);
            if (RequestsOf(kept) + requests > Full || FailuresOf(kept) + failures > Full) return;
            var next = kept + ((long)requests << Bits) + failures;
            if (Interlocked.CompareExchange(ref word, next, seen) == seen) return;
        }
    }

    public (long Requests, long Failures) Read(TimeSpan width, Instant now)
    {
        var (requests, failures, number) = (0L, 0L, Number(width, now));
        foreach (ref var word in _words[..])
        {
            var seen = Volatile.Read(ref word);
            if (((number - NumberOf(seen)) & NumberMask) >= Buckets) continue;
            requests += RequestsOf(seen);
            failures += FailuresOf(seen);
        }
        // Of an answer that was cut later the request may lie in a bucket that has passed.
        return (Math.Max(requests, failures), failures);
    }

    public void Clear()
    {
        foreach (ref var word in _words[..]) Volatile.Write(ref word, 0);
    }

    private static long Number(TimeSpan width, Instant now) =>
        now.Ticks / Math.Max(1, width.Ticks / Buckets) & NumberMask;

    private static long NumberOf(long word) => word >>> (2 * Bits) & NumberMask;
    private static long RequestsOf(long word) => (word >>> Bits) & Full;
    private static long FailuresOf(long word) => word & Full;

    [InlineArray(Buckets)]
    private struct Words
    {
        private long _first;
    }
}
