using Tangram.Model;

namespace Tangram.Proving.Faults;

/// <summary>What becomes of one piece of a stream.</summary>
/// <param name="Due">When it arrives. Null: not before the fault is over.</param>
/// <param name="Lost">How many of its transmissions were lost before one arrived.</param>
/// <param name="Wrong">The byte of it that arrives wrong; null when none does.</param>
/// <param name="Mask">What that byte is changed by (exclusive or).</param>
public readonly record struct Passage(Instant? Due, int Lost = 0, int? Wrong = null, byte Mask = 0);

/// <summary>One way between a gateway and one replica, as it is impaired for all connections together. The order on
/// each of them is for its owner to keep, see <see cref="InOrder"/>. Not safe for several threads.</summary>
/// <remarks>Where bytes pass through a program and not a wire, a lost packet cannot be seen; but what it does to a
/// stream can: the piece, and all that comes after it on its connection, waits until it is sent again. That is after
/// <see cref="FirstTimeout"/>, the least of Linux (TCP_RTO_MIN), and after twice the time each time that it is lost
/// again (RFC 6298, 5.5). Faster ways to notice a loss (RFC 5681, 3.2) need three more packets on their way, which most
/// requests have not.</remarks>
public sealed class ImpairedStream(FaultKind kind, ImpairmentSpec spec, Rng rng)
{
    /// <summary>What passes is looked at in pieces of so many bytes at most: a packet's payload on Ethernet.</summary>
    public const int Piece = 1460;

    public static readonly TimeSpan FirstTimeout = TimeSpan.FromMilliseconds(200);

    /// <summary>As net.ipv4.tcp_retries2: who loses so many in a row is cut off.</summary>
    public const int MostLost = 15;

    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(2);

    private Instant _free;
    private bool _bad;

    public Passage Pass(int bytes, Instant now) => kind switch
    {
        FaultKind.NetworkDelay => new(now + Delay()),
        FaultKind.NetworkLoss => Lose(now),
        FaultKind.NetworkBandwidth => new(Shape(bytes, now)),
        FaultKind.NetworkCorrupt => rng.Chance(spec.Share)
            ? new(now, 0, rng.Next(bytes), (byte)(1 + rng.Next(255))) : new(now),
        FaultKind.NetworkCut => new(null),
        _ => new(now),
    };

    /// <summary>On one connection nothing overtakes.</summary>
    /// <param name="last">When the piece before it arrives.</param>
    public static Instant InOrder(Instant due, Instant last) => due > last ? due : last;

    private TimeSpan Delay() => spec.Jitter == TimeSpan.Zero ? spec.Delay
        : rng.Between(spec.Delay - spec.Jitter, spec.Delay + spec.Jitter);

    private Passage Lose(Instant now)
    {
        var (lost, wait, timeout) = (0, TimeSpan.Zero, FirstTimeout);
        for (var isLost = IsLost(); isLost && lost < MostLost; isLost = rng.Chance(spec.Share))
        {
            lost++;
            wait += timeout;
            timeout = timeout * 2 < LongestTimeout ? timeout * 2 : LongestTimeout;
        }
        return new(now + wait, lost);
    }

    /// <summary>Bursts after Gilbert and Elliott: in the bad state every transmission is lost, in the good one none.
    /// The mean length of a burst is 1 / P(bad → good); and the share s of the bad state gives
    /// P(good → bad) = s / ((1 − s) · burst). What is sent again comes so much later that it is lost by its own
    /// chance.</summary>
    private bool IsLost()
    {
        if (spec.Burst is not { } burst) return rng.Chance(spec.Share);
        _bad = _bad ? !rng.Chance(1 / burst) : rng.Chance(spec.Share / ((1 - spec.Share) * burst));
        return _bad;
    }

    /// <summary>A token bucket as deep as one piece: the line is free again when what passed it has had its
    /// time.</summary>
    private Instant Shape(int bytes, Instant now)
    {
        if (_free < now) _free = now;
        return _free += TimeSpan.FromSeconds((double)bytes / spec.Bandwidth);
    }

    /// <summary>The shortest mean burst with which such a share can be lost: P(good → bad) is at most 1.</summary>
    public static double ShortestBurst(double share) => Math.Max(1, Math.Round(share / (1 - share), 6));
}
