using System.Collections.Frozen;

namespace Tangram.Routing;

/// <summary>Which of several is for the name that a TLS client asks for (SNI, RFC 6066, 3): the one for the name
/// itself, else one with a wildcard for the label in front (RFC 6125, 6.4.3), else the first of all. Of several for a
/// name the first.</summary>
public sealed class ServerNameIndex
{
    private readonly FrozenDictionary<string, int> _names;
    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _find;

    /// <param name="all">The names that each is for.</param>
    public ServerNameIndex(IEnumerable<IEnumerable<string>> all)
    {
        var names = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var (index, own) in all.Index())
            foreach (var name in own) names.TryAdd(name.TrimEnd('.'), index);
        _names = names.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        _find = _names.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Null or empty: the client named nobody. Never throws.</summary>
    public int Choose(string? serverName)
    {
        // The longest name that DNS has; see RFC 1035, 2.3.4.
        if (serverName is not { Length: > 0 and <= 254 }) return 0;
        var name = serverName.AsSpan().TrimEnd('.');
        if (_find.TryGetValue(name, out var exact)) return exact;
        var dot = name.IndexOf('.');
        if (dot <= 0) return 0;
        Span<char> wild = stackalloc char[name.Length - dot + 1];
        wild[0] = '*';
        name[dot..].CopyTo(wild[1..]);
        return _find.TryGetValue(wild, out var below) ? below : 0;
    }
}
