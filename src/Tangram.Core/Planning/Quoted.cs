using System.Globalization;

namespace Tangram.Planning;

/// <summary>What the author wrote, as it may stand in a sentence: short, on one line, without control
/// characters.</summary>
internal static class Quoted
{
    private const int Longest = 60;

    public static string Of(string text)
    {
        var shown = text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…");
        return $"'{string.Concat(shown.Select(Shown))}'";
    }

    private static string Shown(char c) => c switch
    {
        '\n' => "\\n",
        '\t' => "\\t",
        _ when char.IsControl(c) || char.IsSurrogate(c) => "?",
        // They could turn the direction of the line, or break it.
        _ when char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator => "?",
        _ => c.ToString(),
    };
}
