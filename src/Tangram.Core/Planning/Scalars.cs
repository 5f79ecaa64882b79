using System.Globalization;

namespace Tangram.Planning;

/// <summary>Reads one value. Each method answers null after it has noted the problem.</summary>
internal static class Scalars
{
    /// <summary>Variables have been replaced before.</summary>
    public static string? Text(Tree tree, string what, ProblemList problems)
    {
        if (tree is Tree.Refused) return null;
        if (tree is not Tree.Scalar scalar)
        {
            problems.Error(tree.Place, $"'{what}' takes one value and is {tree.Kind}", "write one value");
            return null;
        }
        if (scalar.IsNull)
        {
            problems.Error(tree.Place, $"'{what}' has no value", "give it a value, or delete it");
            return null;
        }
        return scalar.Text;
    }

    /// <summary>A text of at least one character.</summary>
    public static string? Filled(Tree tree, string what, ProblemList problems)
    {
        var text = Text(tree, what, problems);
        if (text is not "") return text;
        problems.Error(tree.Place, $"'{what}' is an empty text", "give it a value, or delete it");
        return null;
    }

    public static long? Whole(Tree tree, string what, long least, long most, ProblemList problems)
    {
        if (Filled(tree, what, problems) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most) return number;
        var wanted = most == long.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}";
        problems.Error(tree.Place, $"'{what}' is {Quoted.Of(text)}, which is not {wanted}", $"write {wanted}");
        return null;
    }

    public static bool? Flag(Tree tree, string what, ProblemList problems)
    {
        if (Filled(tree, what, problems) is not { } text) return null;
        if (text.ToLowerInvariant() is "true" or "false") return text[0] is 't' or 'T';
        problems.Error(tree.Place, $"'{what}' is {Quoted.Of(text)}, which is neither true nor false",
            "write true or false");
        return null;
    }

    public static TimeSpan? Duration(Tree tree, string what, bool positive, ProblemList problems)
    {
        if (Filled(tree, what, problems) is not { } text) return null;
        var duration = Quantities.Duration(text);
        if (duration >= (positive ? TimeSpan.FromMilliseconds(1) : TimeSpan.Zero)) return duration;
        var meant = text.All(char.IsAsciiDigit) ? $"write {Quoted.Of($"{text}s")} if seconds are meant" : null;
        var least = positive ? " of 1ms or more" : "";
        problems.Error(tree.Place, $"'{what}' is {Quoted.Of(text)}, which is not a duration{least}",
            duration is null && meant is not null ? meant : $"write a duration{least} such as 500ms, 10s or 1m30s");
        return null;
    }

    /// <summary>A value that <paramref name="read"/> understands; <paramref name="wanted"/> says in words what that
    /// is.</summary>
    public static T? Parsed<T>(Tree tree, string what, Func<string, T?> read, string wanted, ProblemList problems)
        where T : struct
    {
        if (Filled(tree, what, problems) is not { } text) return null;
        if (read(text) is { } value) return value;
        problems.Error(tree.Place, $"'{what}' is {Quoted.Of(text)}, which is not {wanted}", $"write {wanted}");
        return null;
    }

    /// <summary>The items of a list, or none after the problem was noted.</summary>
    public static IReadOnlyList<Tree> Items(Tree? tree, string what, ProblemList problems)
    {
        if (tree is null or Tree.Refused) return [];
        if (tree is Tree.List list) return list.Items;
        problems.Error(tree.Place, $"'{what}' takes a list and is {tree.Kind}", "write a list, such as [a, b]");
        return [];
    }
}
