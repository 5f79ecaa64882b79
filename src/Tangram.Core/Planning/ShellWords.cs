using System.Text;

namespace Tangram.Planning;

/// <summary>Splits a string into words as a POSIX shell does, and does nothing else that a shell does: no variables, no
/// patterns, no pipes.</summary>
internal static class ShellWords
{
    /// <summary>The words; or null and what is wrong with the string.</summary>
    public static (IReadOnlyList<string>? Words, string Wrong) Split(string text)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is ' ' or '\t' or '\n' or '\r')
            {
                if (word is not null) words.Add(word.ToString());
                word = null;
                continue;
            }
            if (c is ';' or '&' or '|' or '<' or '>') return (null, $"has an unquoted '{c}', and no shell runs it");
            word ??= new StringBuilder();
            if (c is '\'' or '"')
            {
                var end = Quote(text, i, word);
                if (end < 0) return (null, $"has a quote {c} that is never closed");
                i = end;
            }
            else if (c == '\\')
            {
                if (++i == text.Length) return (null, "ends with a backslash");
                if (text[i] != '\n') word.Append(text[i]);
            }
            else
            {
                word.Append(c);
            }
        }
        if (word is not null) words.Add(word.ToString());
        return (words, "");
    }

    /// <summary>Appends what stands between the quote at <paramref name="start"/> and its partner. Answers where the
    /// partner stands, or -1.</summary>
    private static int Quote(string text, int start, StringBuilder word)
    {
        var quote = text[start];
        for (var i = start + 1; i < text.Length; i++)
        {
            var c = text[i];
            if (c == quote) return i;
            if (quote == '"' && c == '\\' && i + 1 < text.Length)
            {
                var next = text[++i];
                if (next is not ('"' or '\\' or '$' or '`' or '\n')) word.Append('\\');
                if (next != '\n') word.Append(next);
            }
            else
            {
                word.Append(c);
            }
        }
        return -1;
    }
}
