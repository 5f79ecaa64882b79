using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>How long each named condition has held without a break, in this process's memory. No clock value is stored
/// for comparison, so under a new leader every window starts again.</summary>
public sealed class Windows
{
    private readonly Dictionary<string, (Instant Since, long Turn)> _held = new(StringComparer.Ordinal);
    private long _turn;

    /// <summary>Call once a turn; conditions that were not asked about in the turn before are forgotten.</summary>
    public void BeginTurn()
    {
        foreach (var (key, value) in _held) if (value.Turn < _turn) _held.Remove(key);
        _turn++;
    }

    /// <summary>Zero when the condition does not hold, or holds only since now.</summary>
    public TimeSpan Held(string key, bool condition, Instant now)
    {
        if (!condition)
        {
            _held.Remove(key);
            return TimeSpan.Zero;
        }
        var since = _held.TryGetValue(key, out var known) ? known.Since : now;
        _held[key] = (since, _turn);
        return now - since;
    }
}
