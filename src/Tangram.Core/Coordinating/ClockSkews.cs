using System.Globalization;

namespace Tangram.Coordinating;

/// <summary>How far the clocks of others are from ours. Nothing is decided by it; it is told, because logs, events and
/// certificates of machines whose clocks differ mislead.</summary>
public sealed class ClockSkews
{
    /// <summary>More than a greeting can be late.</summary>
    public static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(5);

    /// <summary>A greeting that lay in a machine that stood still shows an old time. It is followed by others that do
    /// not; at three in a second this is after 3 s.</summary>
    public const int Needed = 10;

    /// <summary>As many peers are remembered; in plain text anybody can make names up.</summary>
    private const int Most = 20_000;

    private readonly Dictionary<string, (int Beyond, TimeSpan Told)> _peers = new(StringComparer.Ordinal);

    /// <summary>What is to be told after a greeting, or null.</summary>
    /// <param name="who">As the sentence shall name it: "agent n1".</param>
    /// <param name="ahead">Its clock less ours at that moment.</param>
    public string? Hear(string who, TimeSpan ahead)
    {
        var (beyond, told) = _peers.GetValueOrDefault(who);
        if ((ahead - told).Duration() <= Tolerated)
        {
            if (beyond != 0) _peers[who] = (0, told);
            return null;
        }
        if (!_peers.ContainsKey(who) && _peers.Count >= Most) return null;
        if (++beyond < Needed)
        {
            _peers[who] = (beyond, told);
            return null;
        }
        var agrees = ahead.Duration() <= Tolerated;
        _peers[who] = (0, agrees ? TimeSpan.Zero : ahead);
        return agrees ? $"the clock of {who} agrees with this server's again"
            : string.Create(CultureInfo.InvariantCulture,
                  $"the clock of {who} is {ahead.Duration().TotalSeconds:#,0} s ") +
              (ahead > TimeSpan.Zero ? "ahead of" : "behind") + " this server's: nothing is decided by it, but logs, " +
              "events and certificates will mislead; set up time synchronisation (NTP) on both";
    }
}
