using System.Globalization;

namespace Tangram.Planning;

/// <summary>What the author wrote, as it may stand in a sentence: short, on one line, without control
/// characters.</summary>
internal static class Quoted
{
    private const int Longest = 60;

    /// <summary>A path is mostly shorter; the kernel takes 4096.</summary>
    private const int LongestPlain = 300;

    private const int LongestChain = 10;

    public static string Of(string text) => $"'{Plain(text, Longest)}'";

    /// <summary>Without quotes, as paths are shown.</summary>
    public static string Plain(string text, int longest = LongestPlain)
    {
        var shown = text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest), "…");
        return string.Concat(shown.Select(Shown));
    }

    /// <summary>Names that lead to each other.</summary>
    public static string Chain(IEnumerable<string> names)
    {
        var all = names.Select(name => Plain(name, Longest)).ToList();
        return string.Join(" → ", all.Count <= LongestChain ? all : [.. all.Take(LongestChain - 1), "…", all[^1]]);
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
