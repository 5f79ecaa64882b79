using System.Text;
using Microsoft.Net.Http.Headers;

namespace Tangram.Routing.Strict;

/// <summary>How Kestrel reads the values of fields: byte by byte (Latin-1), so that they go on as they came; and not at
/// all when there is something in them that must not be (<see cref="FieldText"/>), since Kestrel itself takes every
/// character but NUL, CR and LF, any name, and signs before lengths. What is thrown here it answers with 400, or ends
/// the stream.</summary>
internal sealed unsafe class StrictText : Encoding
{
    private static readonly StrictText Values = new(lengths: false), Lengths = new(lengths: true);

    private readonly bool _lengths;

    private StrictText(bool lengths) => _lengths = lengths;

    /// <summary>For a field of this name.</summary>
    /// <exception cref="InvalidOperationException">It is no name.</exception>
    public static Encoding Of(string name)
    {
        if (ReferenceEquals(name, HeaderNames.ContentLength)) return Lengths;
        return name.Length > 0 && (name[0] == ':' || FieldText.IsToken(name)) ? Values : throw Refused();
    }

    public override int GetChars(byte* bytes, int byteCount, char* chars, int charCount)
    {
        var value = new ReadOnlySpan<byte>(bytes, byteCount);
        if (!(_lengths ? FieldText.IsLength(value) : FieldText.IsValue(value))) throw Refused();
        return Latin1.GetChars(bytes, byteCount, chars, charCount);
    }

    private static InvalidOperationException Refused() => new("a field that no request may have");

    public override int GetCharCount(byte* bytes, int count) => count;
    public override int GetMaxCharCount(int byteCount) => byteCount;
    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        fixed (byte* from = bytes.AsSpan(byteIndex, byteCount))
        fixed (char* to = chars.AsSpan(charIndex))
            return GetChars(from, byteCount, to, chars.Length - charIndex);
    }

    // It only reads.
    public override int GetByteCount(char[] chars, int index, int count) => throw new NotSupportedException();
    public override int GetMaxByteCount(int charCount) => throw new NotSupportedException();

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        throw new NotSupportedException();
}
