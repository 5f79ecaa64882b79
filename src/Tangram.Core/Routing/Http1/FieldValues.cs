namespace Tangram.Routing.Http1;

/// <summary>Values of those fields by which the end of a message is known (RFC 9112, 6).</summary>
internal static class FieldValues
{
    /// <summary>Of a length: more would not fit into 64 bits.</summary>
    private const int MostDigits = 18;

    /// <summary>Reads a Content-Length. False when it is none, or another than the one before.</summary>
    public static bool TryLength(ReadOnlySpan<byte> value, ref long? length)
    {
        if (value.Length is 0 or > MostDigits) return false;
        var read = 0L;
        foreach (var digit in value)
        {
            if (!char.IsAsciiDigit((char)digit)) return false;
            read = read * 10 + digit - '0';
        }
        if (length is { } other && other != read) return false;
        length = read;
        return true;
    }

    /// <summary>Takes the first of a list's elements, which may be empty.</summary>
    public static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> list)
    {
        var comma = list.IndexOf((byte)',');
        var one = (comma < 0 ? list : list[..comma]).Trim(" \t"u8);
        list = comma < 0 ? default : list[(comma + 1)..];
        return one;
    }
}
