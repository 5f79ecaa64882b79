using System.Buffers;

namespace Tangram.Routing.Strict;

/// <summary>What may stand in a field of a request (RFC 9110, 5). Allocates nothing.</summary>
public static class FieldText
{
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // All below a space but the tab, and DEL.
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        "\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000a\u000b\u000c\u000d\u000e\u000f\u0010\u0011\u0012"u8
            .ToArray().Concat("\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\u007f"u8
            .ToArray()).ToArray());

    /// <summary>A name of a field, or a method (RFC 9110, 5.6.2).</summary>
    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(Token);

    /// <summary>No control character but the tab, and nothing blank around it (RFC 9113, 8.2.1; of HTTP/1.1 that is cut
    /// off before). Bytes above ASCII are opaque (RFC 9110, 5.5).</summary>
    public static bool IsValue(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty || (!IsBlank(bytes[0]) && !IsBlank(bytes[^1]) && !bytes.ContainsAny(Controls));

    private static bool IsBlank(byte one) => one is (byte)' ' or (byte)'\t';

    /// <summary>A length: digits, and nothing else (RFC 9110, 8.6).</summary>
    public static bool IsLength(ReadOnlySpan<byte> bytes) =>
        !bytes.IsEmpty && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
