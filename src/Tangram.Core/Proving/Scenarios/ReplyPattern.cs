using System.Text.RegularExpressions;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>A regular expression over answers. Most cost no more than the text's length (an engine that does not
/// backtrack); those that need backtracking, which test plans do bring, have a bound in time instead.</summary>
public sealed class ReplyPattern
{
    public const int LongestPattern = 5_000;
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);

    private readonly Regex _regex;

    private ReplyPattern(Regex regex) => _regex = regex;

    /// <summary>Null and what is wrong, in words that follow the pattern.</summary>
    public static ReplyPattern? TryMake(string pattern, out string wrong)
    {
        wrong = pattern.Length > LongestPattern ? $"which is longer than {LongestPattern} characters"
            : BoundedPattern.Repetitions(pattern) > BoundedPattern.MostRepetitions
                ? $"which repeats more than {BoundedPattern.MostRepetitions} times" : "";
        if (wrong.Length > 0) return null;
        try
        {
            return new ReplyPattern(new Regex(pattern,
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Longest));
        }
        catch (NotSupportedException)
        {
            return new ReplyPattern(new Regex(pattern, RegexOptions.CultureInvariant, Longest));
        }
        catch (ArgumentException)
        {
            wrong = "which is not a regular expression";
            return null;
        }
    }

    public bool Holds(string text)
    {
        try { return _regex.IsMatch(text); }
        catch (RegexMatchTimeoutException) { return false; }
    }

    /// <summary>The groups of every match, at most so many; the whole match is group 0.</summary>
    public List<string[]> Matches(string text, int most)
    {
        var found = new List<string[]>();
        try
        {
            for (var match = _regex.Match(text); match.Success && found.Count < most; match = match.NextMatch())
                found.Add([.. match.Groups.Values.Select(group => group.Value)]);
        }
        catch (RegexMatchTimeoutException) { }
        return found;
    }
}
