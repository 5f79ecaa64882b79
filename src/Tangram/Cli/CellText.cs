using System.Globalization;
using System.Text;

namespace Tangram.Cli;

/// <summary>Text as a terminal shows it, in columns.</summary>
internal static class CellText
{
    // Two columns each: East Asian Wide and Fullwidth (Unicode TR 11), and emoji, by block.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF),
        (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6),
        (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes()) width += Width(rune);
        return width;
    }

    /// <summary>At most so many columns; what is cut ends with an ellipsis. Never cuts through a character that is made
    /// of several.</summary>
    public static string Cut(string text, int width)
    {
        if (Width(text) <= width) return text;
        if (width <= 0) return "";
        var (kept, left) = (new StringBuilder(), width - 1);
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext() && Width(elements.GetTextElement()) is var size && size <= left)
        {
            kept.Append(elements.GetTextElement());
            left -= size;
        }
        return kept.Append('…').ToString();
    }

    /// <summary>Without line ends and other controls, which would break the table or command the terminal.</summary>
    public static string Clean(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;

    private static int Width(Rune rune)
    {
        if (rune.Value < 0x300) return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format) return 0;
        foreach (var (first, last) in Wide)
            if (rune.Value >= first && rune.Value <= last) return 2;
        return 1;
    }
}
