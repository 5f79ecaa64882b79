using System.Globalization;
using System.Text;

namespace Tangram.Planning.Composing;

/// <summary>Prints a project as one file that needs no other and no variable, and means the same when it is read
/// again.</summary>
public static class ResolvedYaml
{
    /// <param name="project">All files merged, variables replaced.</param>
    /// <param name="name">The cluster's, which may come from the folder.</param>
    /// <param name="folder">Where its relative paths start.</param>
    /// <param name="runs">Whether a service of that name is among those that run.</param>
    public static string Of(Tree project, string name, string folder, Func<string, bool> runs)
    {
        var text = new StringBuilder("name: ").Append(Double(name)).Append('\n');
        foreach (var entry in ((Tree.Map)RelativePaths.Absolute(project, folder)).Entries)
        {
            if (entry.Key.Text is "name" or "version") continue;
            if (entry.Key.Text != "services" || entry.Value is not Tree.Map services) Write(text, entry, 0);
            else Write(text, new Tree.Entry(entry.Key, Running(services, runs)), 0);
        }
        return text.ToString();
    }

    /// <summary>Those that run, without their profiles, so that they run wherever the file is read.</summary>
    private static Tree.Map Running(Tree.Map services, Func<string, bool> runs) => new(services.Place,
    [
        .. services.Entries.Where(e => runs(e.Key.Text)).Select(e => e.Value is not Tree.Map service ? e
            : new Tree.Entry(e.Key, new Tree.Map(service.Place,
                [.. service.Entries.Where(own => own.Key.Text != "profiles")]))),
    ]);

    /// <summary>YAML takes 1024 characters before the colon, and more only after a question mark.</summary>
    private const int LongestKey = 1000;

    private static void Write(StringBuilder text, Tree.Entry entry, int depth, string above = "")
    {
        if (Interpolated.PassedOver(entry.Key.Text, above)) return;
        var key = Quote(entry.Key);
        text.Append(' ', 2 * depth);
        if (key.Length > LongestKey) text.Append("? ").Append(key).Append('\n').Append(' ', 2 * depth);
        else text.Append(key);
        text.Append(':');
        Value(text, entry.Value, depth, entry.Key.Text);
    }

    private static void Value(StringBuilder text, Tree tree, int depth, string above = "")
    {
        switch (tree)
        {
            case Tree.Map map when map.Entries.Any(e => !Interpolated.PassedOver(e.Key.Text, above)):
                text.Append('\n');
                foreach (var entry in map.Entries) Write(text, entry, depth + 1, above);
                return;
            case Tree.List { Items.Count: > 0 } list:
                text.Append('\n');
                foreach (var item in list.Items)
                {
                    text.Append(' ', 2 * (depth + 1)).Append('-');
                    Value(text, item, depth + 1);
                }
                return;
            case Tree.Scalar scalar:
                if (!scalar.IsNull) text.Append(' ').Append(Escaped(scalar));
                break;
            default:
                text.Append(tree is Tree.List ? " []" : " {}");
                break;
        }
        text.Append('\n');
    }

    /// <summary>A dollar in a value would be a variable's.</summary>
    private static string Escaped(Tree.Scalar scalar) => scalar.Text.Contains('$', StringComparison.Ordinal)
        ? Double(scalar.Text.Replace("$", "$$", StringComparison.Ordinal))
        : Quote(scalar);

    private static string Quote(Tree.Scalar scalar) =>
        scalar.Quoted || scalar.Text.Length == 0 || scalar.Text.Any(c => c is < ' ' or > '~')
            || scalar.Text[0] is '`' or '@' or '%'
            || scalar.Text.StartsWith("---", StringComparison.Ordinal)
            || scalar.Text.StartsWith("...", StringComparison.Ordinal)
            ? Double(scalar.Text)
            : scalar.Text;

    private static string Double(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (c is < ' ' or (>= '\x7F' and < '\xA0') or '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF')
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            else quoted.Append(c);
        return quoted.Append('"').ToString();
    }
}
