using System.Text;

namespace Tangram.Proving.Scenarios;

/// <summary>Where the pieces of a <see cref="Template"/> end.</summary>
internal static class TemplateText
{
    /// <summary>The brace that closes what begins here; negative when none does.</summary>
    public static int End(string text, int at)
    {
        for (var depth = 0; at < text.Length; at++)
        {
            if (text[at] == '\\') at++;
            else if (text[at] == '{') depth++;
            else if (text[at] == '}' && depth-- == 0) return at;
        }
        return -1;
    }

    /// <summary>Parted by commas that stand neither in braces nor behind a backslash.</summary>
    public static IEnumerable<string> Arguments(string text)
    {
        if (text.Length == 0) yield break;
        var (one, depth) = (new StringBuilder(), 0);
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '\\' && at + 1 < text.Length && text[at + 1] is ',' or '\\')
            {
                one.Append(text[++at]);
                continue;
            }
            if (c == ',' && depth == 0)
            {
                yield return one.ToString();
                one.Clear();
                continue;
            }
            if (c == '{') depth++;
            else if (c == '}') depth--;
            one.Append(c);
        }
        yield return one.ToString();
    }
}
