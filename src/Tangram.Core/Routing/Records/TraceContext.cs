namespace Tangram.Routing.Records;

/// <summary>W3C Trace Context: what a valid <c>traceparent</c> and <c>tracestate</c> look like (Recommendation of 2021,
/// 3.2 and 3.3), and a new one.</summary>
public static class TraceContext
{
    private const int Length = 55, Trace = 3, TraceLength = 32, Parent = 36, ParentLength = 16, Flags = 53;

    /// <summary>Of a tracestate: more members need not be carried, and longer ones are no list any more.</summary>
    private const int MostMembers = 32, LongestName = 256, LongestValue = 256;

    /// <summary>Of version 00 all of it; of a later version what this one knows (3.2.4).</summary>
    public static bool IsParent(ReadOnlySpan<char> text)
    {
        if (text.Length < Length || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
        if (!IsHex(text[..2]) || text[..2] is "ff") return false;
        if (text[..2] is "00" ? text.Length != Length : text.Length > Length && text[Length] != '-') return false;
        return IsId(text.Slice(Trace, TraceLength)) && IsId(text.Slice(Parent, ParentLength))
            && IsHex(text.Slice(Flags, 2));
    }

    /// <summary>The id that all spans of a request share.</summary>
    /// <param name="parent">A valid one.</param>
    public static ReadOnlySpan<char> TraceId(ReadOnlySpan<char> parent) => parent.Slice(Trace, TraceLength);

    /// <summary>A list of members KEY=VALUE, each key once. Empty ones are allowed.</summary>
    public static bool IsState(ReadOnlySpan<char> text)
    {
        if (text.Length > MostMembers * (LongestName + LongestValue + 2)) return false;
        var members = 0;
        var rest = text;
        while (true)
        {
            var comma = rest.IndexOf(',');
            var member = (comma < 0 ? rest : rest[..comma]).Trim(" \t");
            if (!member.IsEmpty)
            {
                var equals = member.IndexOf('=');
                if (equals < 0 || ++members > MostMembers || !IsName(member[..equals])
                    || !IsValue(member[(equals + 1)..])) return false;
                if (comma >= 0 && Names(rest[(comma + 1)..], member[..(equals + 1)])) return false;
            }
            if (comma < 0) return true;
            rest = rest[(comma + 1)..];
        }
    }

    /// <summary>Version 00. An id of nothing but zeros is none, so it becomes another.</summary>
    public static string New(ulong traceHigh, ulong traceLow, ulong parent, bool sampled) =>
        string.Create(Length, (traceHigh, Low: traceHigh == 0 && traceLow == 0 ? 1 : traceLow,
            Parent: parent == 0 ? 1 : parent, sampled), static (text, ids) =>
        {
            "00-".CopyTo(text);
            Hex(ids.traceHigh, text[Trace..]);
            Hex(ids.Low, text[(Trace + 16)..]);
            text[35] = '-';
            Hex(ids.Parent, text[Parent..]);
            (ids.sampled ? "-01" : "-00").CopyTo(text[52..]);
        });

    private static void Hex(ulong number, Span<char> text)
    {
        for (var i = 15; i >= 0; i--, number >>= 4) text[i] = "0123456789abcdef"[(int)(number & 15)];
    }

    private static bool IsId(ReadOnlySpan<char> text) => IsHex(text) && text.ContainsAnyExcept('0');

    /// <summary>Upper case is not allowed.</summary>
    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept("0123456789abcdef");

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > LongestName || !(char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0])))
            return false;
        var at = 0;
        foreach (var c in name)
            if (c == '@') at++;
            else if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('_' or '-' or '*' or '/'))
                return false;
        return at <= 1;
    }

    private static bool IsValue(ReadOnlySpan<char> value)
    {
        if (value.Length is 0 or > LongestValue || value[^1] == ' ') return false;
        foreach (var c in value) if (c is < ' ' or > '~' or ',' or '=') return false;
        return true;
    }

    private static bool Names(ReadOnlySpan<char> list, ReadOnlySpan<char> key)
    {
        while (true)
        {
            var comma = list.IndexOf(',');
            if ((comma < 0 ? list : list[..comma]).TrimStart(" \t").StartsWith(key)) return true;
            if (comma < 0) return false;
            list = list[(comma + 1)..];
        }
    }
}

/// <summary>Begins traces. The ids come from two seeds that nobody else has, and a number that grows.</summary>
public sealed class TraceSource(ulong seed, ulong other)
{
    private const ulong Stride = 0x9E3779B97F4A7C15UL;
    private ulong _turn;

    /// <summary>A <c>traceparent</c> whose parent is this hop.</summary>
    public string Begin(bool sampled)
    {
        var turn = Interlocked.Increment(ref _turn) * Stride;
        var (high, low) = (KeyHash.Mix(seed + turn), KeyHash.Mix(other + turn));
        return TraceContext.New(high, low, KeyHash.Mix(high ^ other), sampled);
    }
}
