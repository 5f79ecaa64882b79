using System.Globalization;
using System.Text.RegularExpressions;

namespace Tangram.Model;

/// <summary>Regular expressions that a file may bring: they cost no more than the text's length (the engine does not
/// backtrack), and neither pattern nor text is long. What needs backtracking is refused.</summary>
public sealed class BoundedPattern
{
    public const int LongestPattern = 500;

    /// <summary>As much as a server accepts of a request's head at all. A longer text does not match.</summary>
    public const int LongestText = 8192;

    /// <summary>Counted repetitions are written out inside the engine, and nested ones multiply.</summary>
    public const int MostRepetitions = 1000;

    /// <summary>The last bound, should a pattern be slower than its length tells: a text that takes longer, each time
    /// that it is tried, does not match. Once alone it may have been the process that stood still.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(20);
    private const int Tries = 3;

    private readonly Regex _regex;

    private BoundedPattern(Regex regex) => _regex = regex;

    /// <summary>Null and what is wrong, in words that follow the pattern.</summary>
    public static BoundedPattern? TryMake(string pattern, out string wrong)
    {
        wrong = "";
        if (pattern.Length > LongestPattern) wrong = $"which is longer than {LongestPattern} characters";
        else if (Repetitions(pattern) > MostRepetitions) wrong = $"which repeats more than {MostRepetitions} times";
        if (wrong.Length > 0) return null;
        try
        {
            return new BoundedPattern(new Regex(pattern,
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Longest));
        }
        catch (NotSupportedException)
        {
            wrong = "which needs backtracking (a look-around, a back-reference or the like)";
        }
        catch (ArgumentException)
        {
            wrong = "which is not a regular expression";
        }
        return null;
    }

    /// <summary>One that the file's reader accepted.</summary>
    public static BoundedPattern Make(string pattern) =>
        TryMake(pattern, out var wrong) ?? throw new ArgumentException($"'{pattern}', {wrong}", nameof(pattern));

    public bool Matches(ReadOnlySpan<char> text)
    {
        if (text.Length > LongestText) return false;
        for (var i = 0; i < Tries; i++)
        {
            try { return _regex.IsMatch(text); }
            catch (RegexMatchTimeoutException) { }
        }
        return false;
    }

    /// <summary>The product of the largest numbers of all counted repetitions, nested or not.</summary>
    internal static double Repetitions(string pattern)
    {
        var product = 1.0;
        for (var open = pattern.IndexOf('{'); open >= 0; open = pattern.IndexOf('{', open + 1))
        {
            var close = pattern.IndexOf('}', open);
            if (close < 0) break;
            foreach (var number in pattern[(open + 1)..close].Split(',').Reverse())
                if (double.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var times))
                {
                    product *= Math.Max(1, times);
                    break;
                }
        }
        return product;
    }
}
