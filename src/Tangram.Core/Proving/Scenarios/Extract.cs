using System.Globalization;
using System.Text;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>Takes something out of an answer into a variable of the user.</summary>
public sealed record Extract(string Name, ReplySource Source)
{
    public const int Random = 0, All = -1, MostMatches = 1000;

    /// <summary>Null: the text as it is.</summary>
    public string? Pattern { get; init; }

    /// <summary>With a pattern: <c>$1$</c> is its first group.</summary>
    public string Form { get; init; } = "$1$";

    /// <summary>Which match, from 1; <see cref="Random"/> takes any, <see cref="All"/> all into NAME_1, NAME_2,
    /// …</summary>
    public int Match { get; init; } = 1;

    /// <summary>When nothing is found. Null: the variable stays as it is.</summary>
    public string? Default { get; init; }

    /// <summary>Without it the user cannot go on: when nothing is found and there is no default, the iteration
    /// ends.</summary>
    public bool Needed { get; init; }

    /// <summary>False when nothing was found, which <see cref="Needed"/> makes a failure.</summary>
    public bool Take(Reply reply, ScenarioUser user)
    {
        var values = Source.Values(reply, out _) ?? [];
        var found = Pattern is null ? values : Formed(values);
        if (Match == All)
        {
            for (var i = 0; i < found.Count; i++) user.Set(Numbered(i + 1), found[i]);
            user.Set($"{Name}_matchNr", found.Count.ToString(CultureInfo.InvariantCulture));
            return true;
        }
        var at = Match == Random ? found.Count == 0 ? 0 : user.Rng.Next(found.Count) : Match - 1;
        var value = at < found.Count ? found[at] : Default;
        if (value is null) return false;
        user.Set(Name, value);
        return true;
    }

    /// <summary>No answer came: it has its default, if it has one; else as <see cref="Take"/>.</summary>
    public bool Miss(ScenarioUser user)
    {
        if (Match == All) user.Set($"{Name}_matchNr", "0");
        else if (Default is null) return false;
        else user.Set(Name, Default);
        return true;
    }

    private string Numbered(int number) => string.Create(CultureInfo.InvariantCulture, $"{Name}_{number}");

    private List<string> Formed(IReadOnlyList<string> texts)
    {
        var most = Match > 0 ? Math.Min(Match, MostMatches) : MostMatches;
        if (Compiled is not { } pattern) return [];
        return [.. texts.SelectMany(text => pattern.Matches(text, most)).Select(groups => Fill(groups))];
    }

    /// <summary><c>$0$</c> is the whole match; without any group in the pattern, <c>$1$</c> is too.</summary>
    private string Fill(string[] groups)
    {
        if (Form == "$1$") return groups.Length > 1 ? groups[1] : groups[0];
        var text = new StringBuilder(Form);
        for (var i = 0; i < groups.Length; i++)
            text.Replace(string.Create(CultureInfo.InvariantCulture, $"${i}$"), groups[i]);
        return text.ToString();
    }

    private ReplyPattern? Compiled => _cache ??= Pattern is null ? null : ReplyPattern.TryMake(Pattern, out _);
    private ReplyPattern? _cache;

    public bool Equals(Extract? other) => other is not null
        && (Name, Source, Pattern, Form, Match, Default, Needed)
        == (other.Name, other.Source, other.Pattern, other.Form, other.Match, other.Default, other.Needed);

    public override int GetHashCode() => HashCode.Combine(Name, Source, Pattern);
}
