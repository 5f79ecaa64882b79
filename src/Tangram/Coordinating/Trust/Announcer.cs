namespace Tangram.Coordinating.Trust;

/// <summary>Passes sentences on, each at most once in a while: a peer that is refused comes again and again.</summary>
/// <param name="again">Null: a minute.</param>
internal sealed class Announcer(TimeProvider time, Action<string> announce, TimeSpan? again = null)
{
    private readonly TimeSpan _again = again ?? TimeSpan.FromMinutes(1);

    /// <summary>Different sentences remembered. Whoever makes more in a minute is a scanner, and not worth a line
    /// each.</summary>
    private const int Most = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _said = [];

    public void Say(string sentence)
    {
        lock (_gate)
        {
            foreach (var (old, at) in _said)
                if (time.GetElapsedTime(at) >= _again) _said.Remove(old);
            if (_said.Count >= Most || !_said.TryAdd(sentence, time.GetTimestamp())) return;
        }
        announce(sentence);
    }
}
