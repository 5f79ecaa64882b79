using Tangram.Model;

namespace Tangram.Routing;

/// <summary>An exponentially weighted mean of durations in seconds that forgets by time and not by count. Value and
/// moment share one word, so that requests update it without a lock and nobody reads half of it.</summary>
/// <remarks>Mutable: keep it in a field. The moment counts tenths of a millisecond in 32 bits and wraps after five
/// days, where a value that nobody has renewed may look young once more.</remarks>
internal struct Ewma
{
    /// <summary>A mean weighs what is this old with 1/e; the value of Finagle and Linkerd.</summary>
    public static readonly TimeSpan Decay = TimeSpan.FromSeconds(10);

    private const long StampTicks = TimeSpan.TicksPerMillisecond / 10;
    private static readonly double StampsPerDecay = Decay.Ticks / (double)StampTicks;

    private long _word;

    /// <summary>The mean as it was last renewed; 0 when nothing was observed.</summary>
    public readonly double Value => ValueOf(_word);

    /// <summary>What of the mean is not yet forgotten, from 1 down to 0; 0 when nothing was observed.</summary>
    public double Kept(Instant now) => Volatile.Read(ref _word) is var word && word == 0 ? 0 : Kept(word, now);

    /// <summary>The mean, moved towards zero since it was renewed.</summary>
    public double Decayed(Instant now)
    {
        var word = Volatile.Read(ref _word);
        return ValueOf(word) * Kept(word, now);
    }

    public void Forget() => Volatile.Write(ref _word, 0);

    public void Observe(double seconds, Instant now)
    {
        while (true)
        {
            var word = Volatile.Read(ref _word);
            var kept = word == 0 ? 0 : Kept(word, now);
            if (TryRenew(word, ValueOf(word) * kept + seconds * (1 - kept), now)) return;
        }
    }

    /// <summary>As <see cref="Observe"/>, but what is above the decayed mean becomes it at once (peak EWMA): a backend
    /// that turns slow is left after one answer and won back after many.</summary>
    public void ObservePeak(double seconds, Instant now)
    {
        while (true)
        {
            var word = Volatile.Read(ref _word);
            var kept = Kept(word, now);
            var decayed = ValueOf(word) * kept;
            if (TryRenew(word, seconds >= decayed ? seconds : decayed + seconds * (1 - kept), now)) return;
        }
    }

    /// <summary>It takes at least so long: raises the decayed mean and never lowers it.</summary>
    public void Raise(double seconds, Instant now)
    {
        while (true)
        {
            var word = Volatile.Read(ref _word);
            if (ValueOf(word) * Kept(word, now) >= seconds || TryRenew(word, seconds, now)) return;
        }
    }

    private bool TryRenew(long word, double seconds, Instant now)
    {
        // Zero means that nothing was observed.
        var value = BitConverter.SingleToUInt32Bits((float)Math.Max(seconds, 1e-9));
        var next = (long)(((ulong)Stamp(now) << 32) | value);
        return Interlocked.CompareExchange(ref _word, next, word) == word;
    }

    private static double ValueOf(long word) => BitConverter.UInt32BitsToSingle((uint)word);

    /// <summary>Two threads may read the clock in another order than they write, so the age can be negative.</summary>
    private static double Kept(long word, Instant now)
    {
        var age = unchecked((int)(Stamp(now) - (uint)(word >>> 32)));
        return age <= 0 ? 1 : Math.Exp(-age / StampsPerDecay);
    }

    private static uint Stamp(Instant now) => unchecked((uint)(now.Ticks / StampTicks));
}
