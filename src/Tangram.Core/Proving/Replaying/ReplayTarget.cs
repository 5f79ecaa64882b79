using System.Text;

namespace Tangram.Proving.Replaying;

/// <summary>What a request asked for, as a path that can be sent again.</summary>
internal static class ReplayTarget
{
    /// <summary>In bytes; servers take 8 KiB.</summary>
    public const int Longest = 16 << 10;

    /// <summary>Of an absolute URL its path. What no request line may hold is escaped, as a browser would.</summary>
    /// <param name="into">Room for three times as much, and one more.</param>
    /// <returns>The length; 0 when it is no path.</returns>
    public static int Write(ReadOnlySpan<byte> target, Span<byte> into)
    {
        var length = 0;
        var scheme = target.IndexOf("://"u8);
        if (scheme is 4 or 5 && Ascii.EqualsIgnoreCase(target[..scheme], "https"u8[..scheme]))
        {
            target = target[(scheme + 3)..];
            var path = target.IndexOfAny((byte)'/', (byte)'?');
            target = path < 0 ? default : target[path..];
            if (target is not [(byte)'/', ..]) into[length++] = (byte)'/';
        }
        else if (target is not [(byte)'/', ..]) return 0;
        foreach (var one in target)
        {
            if (one is > 0x20 and < 0x7F) into[length++] = one;
            else
            {
                into[length++] = (byte)'%';
                into[length++] = "0123456789ABCDEF"u8[one >> 4];
                into[length++] = "0123456789ABCDEF"u8[one & 15];
            }
        }
        return length;
    }
}
