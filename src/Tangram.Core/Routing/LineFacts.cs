namespace Tangram.Routing;

/// <summary>What this machine's kernel knows of a connection (tcp_info, tcp(7)). A kernel acknowledges what it receives
/// whatever its program does, so this tells a silent machine from a slow program, and no clock of ours plays a
/// part.</summary>
/// <param name="Unacknowledged">Segments that were sent and are not acknowledged.</param>
/// <param name="SentAgain">One of them was sent again.</param>
/// <param name="SinceSent">Since something was sent, the first time or again.</param>
/// <param name="SinceHeard">Since something was acknowledged.</param>
/// <param name="RoundTrip">The shortest lately; null: not known yet.</param>
public readonly record struct LineFacts(
    long Unacknowledged, bool SentAgain, TimeSpan SinceSent, TimeSpan SinceHeard, TimeSpan? RoundTrip)
{
    /// <summary>Linux holds an acknowledgement back for 40 ms at the most where the way is short
    /// (TCP_DELACK_MIN).</summary>
    private static readonly TimeSpan HeldBack = TimeSpan.FromMilliseconds(60);

    /// <summary>Everything was acknowledged: the other machine was there.</summary>
    public bool IsHeard => Unacknowledged == 0;

    /// <summary>What was sent should have been acknowledged, and nothing was. A lost packet looks the same.</summary>
    public bool IsUnheard => !IsHeard && RoundTrip is { } trip && SinceHeard >= Patience(trip)
        && (SentAgain || SinceSent >= Patience(trip));

    /// <summary>How long a machine at this distance may take to acknowledge, or to take a connection.</summary>
    public static TimeSpan Patience(TimeSpan roundTrip) => HeldBack + 2 * roundTrip;
}
