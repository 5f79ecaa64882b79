using System.Text.RegularExpressions;

namespace Tangram.Tests.Tidy;

/// <summary>What stands between a line that is only <c>{</c> and the line with the brace that closes it, which the
/// one layout of the code puts at the same column. Good enough to measure methods, and needs no parser.</summary>
internal sealed partial record Block(string Header, int FirstLine, int Length)
{
    public bool DeclaresAType => TypeHeader().IsMatch(Header);

    public static IEnumerable<Block> In(SourceFile file)
    {
        for (var open = 1; open < file.Lines.Length; open++)
        {
            var line = file.Lines[open];
            if (line.Trim() != "{") continue;
            var indent = line[..^1];
            var close = Array.FindIndex(file.Lines, open + 1, text => Starts(text, indent + "}"));
            if (close < 0) continue;
            var first = FirstOfHeader(file.Lines, open, indent);
            yield return new Block(file.Lines[first].Trim(), first + 1, close - first + 1);
        }
    }

    /// <summary>A header may take several lines: those between are indented deeper than its first.</summary>
    private static int FirstOfHeader(string[] lines, int open, string indent)
    {
        var first = open - 1;
        while (first > 0 && (Starts(lines[first], indent + " ") || lines[first].TrimStart().StartsWith(')'))) first--;
        return first;
    }

    private static bool Starts(string line, string with) => line.StartsWith(with, StringComparison.Ordinal);

    [GeneratedRegex(@"^((public|internal|private|protected|file|static|sealed|abstract|unsafe|partial|readonly|" +
                    @"ref|new)\s+)*(class|struct|interface|enum|record|extension)\b")]
    private static partial Regex TypeHeader();
}
