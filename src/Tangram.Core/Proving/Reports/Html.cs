using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tangram.Proving.Reports;

/// <summary>A page as it grows. What stands between the holes of a text is ours and markup; what goes into a hole may
/// come from anybody and is escaped. There is no other way to add anything.</summary>
internal sealed class Html
{
    /// <summary>Of one value: more is noise, and a page has an end.</summary>
    private const int Longest = 600;

    private readonly StringBuilder _text = new();

    public Html Add([InterpolatedStringHandlerArgument("")] Markup markup) => markup.Done();

    public Html Add(Html part)
    {
        _text.Append(part._text);
        return this;
    }

    public override string ToString() => _text.ToString();

    private void Escape(ReadOnlySpan<char> value)
    {
        var cut = value.Length > Longest;
        foreach (var rune in (cut ? value[..Longest] : value).EnumerateRunes())
            _ = rune.Value switch
            {
                '&' => _text.Append("&amp;"),
                '<' => _text.Append("&lt;"),
                '>' => _text.Append("&gt;"),
                '"' => _text.Append("&quot;"),
                '\'' => _text.Append("&#39;"),
                '\n' or '\t' => _text.Append(' '),
                _ when Misleads(rune) => _text.Append('\uFFFD'),
                _ => _text.Append(rune.ToString()),
            };
        if (cut) _text.Append('…');
    }

    /// <summary>Control characters, and those that turn the direction of what follows.</summary>
    private static bool Misleads(Rune rune) => Rune.IsControl(rune)
        || rune.Value is 0x61C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0xFEFF;

    [InterpolatedStringHandler]
    internal readonly ref struct Markup(int literals, int holes, Html to)
    {
        public Html Done() => to;

        public void AppendLiteral(string markup)
        {
            if (to._text.Length == 0) to._text.EnsureCapacity(literals + holes * 16);
            to._text.Append(markup);
        }

        public void AppendFormatted(string? value) => to.Escape(value);

        public void AppendFormatted(long value) => to._text.Append(value.ToString(CultureInfo.InvariantCulture));

        /// <summary>A place in a picture, to a tenth.</summary>
        public void AppendFormatted(double value) =>
            to._text.Append(value.ToString("0.#", CultureInfo.InvariantCulture));

        /// <summary>Markup that was escaped already.</summary>
        public void AppendFormatted(Html part) => to._text.Append(part._text);
    }
}
