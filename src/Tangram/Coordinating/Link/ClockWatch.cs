namespace Tangram.Coordinating.Link;

/// <summary>Compares the clocks of those who greet this server with its own.</summary>
internal sealed class ClockWatch(TimeProvider time, Action<string, string> announce)
{
    private readonly Lock _gate = new();
    private readonly ClockSkews _skews = new();

    /// <param name="clock">Its milliseconds since 1970; 0 when it does not say.</param>
    public void Hear(PeerIdentity peer, long clock)
    {
        if (clock is <= 0 or > MostMilliseconds) return;
        var ahead = DateTimeOffset.FromUnixTimeMilliseconds(clock) - time.GetUtcNow();
        string? sentence;
        lock (_gate) sentence = _skews.Hear($"{PeerIdentity.TextOf(peer.Role)} {peer.Name}", ahead);
        if (sentence is not null) announce(peer.Name.Value, sentence);
    }

    /// <summary>The year 9999 ends then, and with it what a date can hold.</summary>
    private const long MostMilliseconds = 253_402_300_799_999;
}
