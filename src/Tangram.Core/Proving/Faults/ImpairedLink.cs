using Tangram.Model;

namespace Tangram.Proving.Faults;

/// <summary>What a bad link does to one packet after the other: the same packets at the same times and the same seed
/// have the same fate. It keeps no packet.</summary>
public sealed class ImpairedLink(LinkSpec asked, Rng rng)
{
    /// <summary>What waits for bandwidth: a tenth of a second's worth, as a switch with a small buffer has, and never
    /// less than a few packets of Ethernet's size. What comes on top is lost.</summary>
    private static readonly TimeSpan MostWaiting = TimeSpan.FromMilliseconds(100);
    private const int LeastWaiting = 16 * 1500;

    /// <summary>The token bucket's size: two packets may follow each other at once.</summary>
    private const int Bucket = 2 * 1500;

    private bool _bad;
    private Instant? _free, _last, _turn;
    private double _from, _to;

    /// <summary>Adds what is to be sent, in the order in which it is to be sent when times are equal. The packet's own
    /// head is never changed.</summary>
    public LinkFate Decide(int length, int head, Instant now, List<LinkCopy> copies)
    {
        if (asked.Cut) return LinkFate.Cut;
        if (IsLost()) return LinkFate.Lost;
        if (Through(length, now) is not { } at) return LinkFate.Full;
        at += asked.Delay;
        if (asked.Jitter > TimeSpan.Zero) at += Wander(now);
        var late = asked.Reorder > 0 && rng.Chance(asked.Reorder);
        // Who was not held back keeps his place in the line.
        if (late) at += asked.ReorderBy;
        else _last = at = at < (_last ?? at) ? _last!.Value : at;
        var (corrupt, bit) = (-1, (byte)0);
        if (asked.Corrupt > 0 && rng.Chance(asked.Corrupt) && length > head)
            (corrupt, bit) = (head + rng.Next(length - head), (byte)(1 << rng.Next(8)));
        copies.Add(new LinkCopy(at, corrupt, bit, late));
        if (asked.Duplicate > 0 && rng.Chance(asked.Duplicate)) copies.Add(new LinkCopy(at, -1, 0, late));
        return LinkFate.Sent;
    }

    /// <summary>Lines from one random point to the next, each twice the jitter after the one before: it never falls
    /// faster than time passes, so that order is kept, and it is zero in the mean.</summary>
    private TimeSpan Wander(Instant now)
    {
        var step = asked.Jitter * 2;
        if (_turn is not { } turn || now - turn >= step * 2)
            (turn, _from, _to) = (now - step * rng.NextDouble(), Point(), Point());
        else if (now - turn >= step) (turn, _from, _to) = (turn + step, _to, Point());
        _turn = turn;
        return asked.Jitter * (_from + (_to - _from) * ((now - turn) / step));
    }

    private double Point() => 2 * rng.NextDouble() - 1;

    /// <summary>Gilbert's model: in the bad state all are lost. It ends with 1/b after each packet, for b lost in a row
    /// in the mean; it begins with p = s/(1-s)/b, so that the share s of all packets is lost.</summary>
    private bool IsLost()
    {
        if (asked.Loss <= 0) return false;
        if (asked.Burst <= 1) return rng.Chance(asked.Loss);
        _bad = rng.Chance(_bad ? 1 - 1 / asked.Burst
            : asked.Loss >= 1 ? 1 : asked.Loss / (1 - asked.Loss) / asked.Burst);
        return _bad;
    }

    /// <summary>When it has passed the bucket; null: too much waits before it.</summary>
    private Instant? Through(int length, Instant now)
    {
        if (asked.BitsPerSecond is not { } rate) return now;
        var earliest = now - Time(Bucket, rate);
        var through = (_free is { } free && free > earliest ? free : earliest) + Time(length, rate);
        var most = Time(LeastWaiting, rate) is var least && least > MostWaiting ? least : MostWaiting;
        if (through - now > most) return null;
        _free = through;
        return through > now ? through : now;
    }

    private static TimeSpan Time(int bytes, double rate) => TimeSpan.FromSeconds(bytes * 8 / rate);
}

/// <summary>One packet to send.</summary>
/// <param name="Corrupt">The byte to change; -1: none. <paramref name="Bit"/> is turned in it.</param>
/// <param name="Late">It was held back so that others overtake it.</param>
public readonly record struct LinkCopy(Instant At, int Corrupt, byte Bit, bool Late);

/// <summary>What became of a packet.</summary>
public enum LinkFate { Sent, Lost, Full, Cut }
