using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>What an answer must be.</summary>
/// <param name="Name">As it stands in the report.</param>
/// <param name="Any">One of the tests must hold; otherwise every one.</param>
/// <param name="Not">Each test is turned round.</param>
public sealed record Check(string Name, ReplySource Source, EquatableArray<TextTest> Tests)
{
    public bool Any { get; init; }
    public bool Not { get; init; }

    public static Check Within(TimeSpan span)
    {
        var most = span.TotalMilliseconds.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture);
        return new Check($"within {most} ms", new ReplySource.Took(),
            [new TextTest(TextTestKind.AtMost, Template.Plain(most))]);
    }

    /// <summary>Null when it holds, else what is wrong.</summary>
    public string? Wrong(Reply reply, ScenarioUser user, DateTimeOffset now)
    {
        if (Source.Values(reply, out var lacking) is not { } values) return Not ? null : $"{Name}: {lacking}";
        if (Tests.Count == 0) return values.Count > 0 != Not ? null : $"{Name}: {lacking}";
        string? first = null;
        foreach (var test in Tests)
        {
            var held = values.Any(value => test.Holds(value, user, now)) != Not;
            if (held && Any) return null;
            if (!held) first ??= $"{Name}: {(Not ? "not " : "")}{test.Said(user, now)}, and it is {Shown(values)}";
            if (!held && !Any) return first;
        }
        return Any ? first : null;
    }

    private static string Shown(IReadOnlyList<string> values) => values.Count == 0 ? "nothing" :
        Planning.Quoted.Of(values[0]);
}

public enum TextTestKind
{
    Contains, Equals,
    /// <summary>A regular expression that the whole text matches.</summary>
    Matches,
    /// <summary>A regular expression that something in the text matches.</summary>
    Finds,
    /// <summary>A status: <c>200</c>, <c>2xx</c> or <c>200-299</c>.</summary>
    InRange,
    /// <summary>A number that is not larger.</summary>
    AtMost,
}

public sealed record TextTest(TextTestKind Kind, Template Wanted)
{
    private readonly ReplyPattern? _pattern =
        Wanted.IsPlain && Kind is TextTestKind.Matches or TextTestKind.Finds ? Pattern(Kind, Plain(Wanted)) : null;

    public bool Holds(string text, ScenarioUser user, DateTimeOffset now)
    {
        if (Kind is TextTestKind.Matches or TextTestKind.Finds)
            return (_pattern ?? Pattern(Kind, Wanted.Expand(user, now)))?.Holds(text) ?? false;
        var wanted = Wanted.Expand(user, now);
        return Kind switch
        {
            TextTestKind.Contains => text.Contains(wanted, StringComparison.Ordinal),
            TextTestKind.Equals => text == wanted,
            TextTestKind.AtMost => Number(text) <= Number(wanted),
            _ => StatusRange.Read(wanted) is { } range && range.Holds(text),
        };
    }

    public string Said(ScenarioUser user, DateTimeOffset now) => Kind switch
    {
        TextTestKind.Contains => "contains ",
        TextTestKind.Equals => "equals ",
        TextTestKind.Matches => "matches ",
        TextTestKind.Finds => "has a match of ",
        TextTestKind.AtMost => "is at most ",
        _ => "is ",
    } + Planning.Quoted.Of(Wanted.Expand(user, now));

    public bool Equals(TextTest? other) => other is not null && (Kind, Wanted) == (other.Kind, other.Wanted);
    public override int GetHashCode() => HashCode.Combine(Kind, Wanted);

    private static double Number(string text) => double.TryParse(text, System.Globalization.NumberStyles.Float,
        System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    private static string Plain(Template template) => template.Expand(Nobody, default);

    private static readonly ScenarioUser Nobody = new(0, new Rng(0),
        new ScenarioTable(new Dictionary<string, string>(), new Dictionary<string, string>()));

    private static ReplyPattern? Pattern(TextTestKind kind, string text) =>
        ReplyPattern.TryMake(kind == TextTestKind.Matches ? $@"\A(?:{text})\z" : text, out _);
}

/// <summary>Statuses, first to last.</summary>
public readonly record struct StatusRange(int Least, int Most)
{
    /// <summary><c>200</c>, <c>2xx</c> or <c>200-299</c>; null for anything else.</summary>
    public static StatusRange? Read(string text)
    {
        text = text.Trim();
        if (text.Length == 3 && text[0] is >= '1' and <= '5' && text[1..] is "xx" or "XX")
            return new((text[0] - '0') * 100, (text[0] - '0') * 100 + 99);
        var ends = text.Split('-');
        if (ends.Length > 2 || Status(ends[0]) is not { } least || Status(ends[^1]) is not { } most) return null;
        return least <= most ? new(least, most) : null;
    }

    public bool Holds(string status) => Status(status) is { } number && number >= Least && number <= Most;

    private static int? Status(string text) =>
        text.Length == 3 && text.All(char.IsAsciiDigit) && text[0] is >= '1' and <= '9'
            ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;
}
