using System.Text;

namespace Tangram.Routing.Http1;

/// <summary>Bytes to be sent, in one piece; grows, and is used again for every request of its connection.</summary>
internal sealed class OutBuffer
{
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(2048);

    public int Length { get; private set; }
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Characters of Latin-1.</summary>
    public void Add(string text)
    {
        Length += Encoding.Latin1.GetBytes(text, Room(text.Length));
    }

    public void Add(long number)
    {
        if (!number.TryFormat(Room(20), out var length, default, System.Globalization.CultureInfo.InvariantCulture))
            throw new InvalidOperationException("20 digits are enough");
        Length += length;
    }

    private Span<byte> Room(int size)
    {
        if (_bytes.Length - Length < size)
        {
            var larger = GC.AllocateUninitializedArray<byte>(Math.Max(_bytes.Length * 2, Length + size));
            Written.CopyTo(larger);
            _bytes = larger;
        }
        return _bytes.AsSpan(Length);
    }
}
