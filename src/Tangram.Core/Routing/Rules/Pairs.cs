namespace Tangram.Routing.Rules;

/// <summary>Reads <c>name=value</c> pairs of a Cookie header or a query, without an allocation.</summary>
public ref struct Pairs
{
    private readonly char _between;
    private ReadOnlySpan<char> _rest;

    private Pairs(ReadOnlySpan<char> text, char between)
    {
        _rest = text;
        _between = between;
    }

    public ReadOnlySpan<char> Name { get; private set; }
    public ReadOnlySpan<char> Value { get; private set; }

    /// <summary>As browsers write them (RFC 6265, 5.4). Spaces around names and values do not belong to them.</summary>
    public static Pairs OfCookies(ReadOnlySpan<char> header) => new(header, ';');

    /// <summary>As forms write them (WHATWG URL, 5.1), not decoded yet.</summary>
    public static Pairs OfQuery(ReadOnlySpan<char> query) => new(query, '&');

    public bool Next()
    {
        while (!_rest.IsEmpty)
        {
            var cut = _rest.IndexOf(_between);
            var pair = cut < 0 ? _rest : _rest[..cut];
            _rest = cut < 0 ? default : _rest[(cut + 1)..];
            var equals = pair.IndexOf('=');
            Name = equals < 0 ? pair : pair[..equals];
            Value = equals < 0 ? default : pair[(equals + 1)..];
            if (_between == ';')
            {
                Name = Name.Trim(" \t");
                Value = Value.Trim(" \t");
                // A cookie without '=' has no name.
                if (equals < 0) continue;
            }
            if (!Name.IsEmpty || equals >= 0) return true;
        }
        return false;
    }

    /// <summary>Of a query: '+' is a space, and %XX a byte. Allocates only when there is something to decode.</summary>
    public static ReadOnlySpan<char> Decoded(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAny('%', '+') < 0) return text;
        return Uri.UnescapeDataString(text.ToString().Replace('+', ' '));
    }
}
