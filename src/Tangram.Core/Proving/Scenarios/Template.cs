using System.Text;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>A text with <c>${name}</c> and <c>${__function(a,b)}</c> in it, as JMeter writes them; <c>\$</c> is a
/// dollar.
/// Compares by what was written.</summary>
public sealed record Template
{
    private const int Deepest = 20;
    public const int MostCharacters = 1 << 20;

    public static readonly Template Empty = new("", []);

    private readonly EquatableArray<Part> _parts;

    private Template(string text, EquatableArray<Part> parts) => (Text, _parts) = (text, parts);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>It says the same for every user.</summary>
    public bool IsPlain => _parts.All(part => part is Part.Plain);

    /// <summary>The variables that it needs, those of nested texts too.</summary>
    public IEnumerable<string> Variables => _parts.SelectMany(part => part switch
    {
        Part.Named named => [named.Name],
        Part.Called called => called.Arguments.SelectMany(a => a.Variables),
        _ => Enumerable.Empty<string>(),
    });

    /// <summary>What needs a user: a variable, or a function that differs from user to user or from time to
    /// time.</summary>
    public bool NeedsUser => _parts.Any(part => part switch
    {
        Part.Named => true,
        Part.Called called => !called.Function.Settled || called.Arguments.Any(a => a.NeedsUser),
        _ => false,
    });

    /// <summary>A text without variables, whatever is in it.</summary>
    public static Template Plain(string text) => text.Length == 0 ? Empty : new(text, [new Part.Plain(text)]);

    /// <summary>Null and what is wrong, in words that follow the text.</summary>
    public static Template? Parse(string text, out string wrong) => Parse(text, 0, out wrong);

    public string Expand(ScenarioUser user, DateTimeOffset now)
    {
        if (_parts.Count == 0) return "";
        if (_parts.Count == 1) return Of(_parts[0], user, now);
        var all = new StringBuilder();
        foreach (var part in _parts) all.Append(Of(part, user, now));
        return all.ToString();
    }

    public bool Equals(Template? other) => other is not null && Text == other.Text && IsPlain == other.IsPlain;
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
    public override string ToString() => Text;

    private static string Of(Part part, ScenarioUser user, DateTimeOffset now) => part switch
    {
        Part.Plain plain => plain.Text,
        // As in JMeter, what is not known stays as it was written, so that it is seen in what was sent.
        Part.Named named => user.Find(named.Name) ?? $"${{{named.Name}}}",
        Part.Called called => called.Function.Call(
            [.. called.Arguments.Select(argument => argument.Expand(user, now))], user, now),
        _ => throw new InvalidOperationException($"{part}"),
    };

    private static Template? Parse(string text, int depth, out string wrong)
    {
        wrong = text.Length > MostCharacters ? $"which is longer than {MostCharacters} characters"
            : depth > Deepest ? $"which nests functions more than {Deepest} deep" : "";
        if (wrong.Length > 0) return null;
        var (parts, plain) = (new List<Part>(), new StringBuilder());
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is '$')
                plain.Append(text[++at]);
            else if (text[at] != '$' || at + 1 >= text.Length || text[at + 1] != '{')
                plain.Append(text[at]);
            else
            {
                if (plain.Length > 0) parts.Add(new Part.Plain(plain.ToString()));
                plain.Clear();
                var end = TemplateText.End(text, at + 2);
                if (end < 0) wrong = "in which a ${ is not closed by }";
                else if (Inside(text[(at + 2)..end], depth, out wrong) is { } part) parts.Add(part);
                if (wrong.Length > 0) return null;
                at = end;
            }
        }
        if (plain.Length > 0) parts.Add(new Part.Plain(plain.ToString()));
        return new Template(text, parts.ToEquatableArray());
    }

    /// <summary>What stands between <c>${</c> and <c>}</c>.</summary>
    private static Part? Inside(string text, int depth, out string wrong)
    {
        wrong = "";
        if (!text.StartsWith("__", StringComparison.Ordinal))
        {
            if (text.Length == 0 || text.Any(char.IsControl) || text.Contains("${"))
                wrong = "in which a ${…} names no variable";
            return new Part.Named(text.Trim());
        }
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var name = open < 0 ? text : text[..open];
        if (TemplateFunction.Find(name) is not { } function)
            wrong = $"in which {name} is a function that is not known here";
        else if (open >= 0 && !text.EndsWith(')'))
            wrong = $"in which the arguments of {name} do not end with )";
        else
        {
            var arguments = new List<Template>();
            foreach (var argument in open < 0 ? [] : TemplateText.Arguments(text[(open + 1)..^1]))
            {
                if (Parse(argument, depth + 1, out wrong) is not { } parsed) return null;
                arguments.Add(parsed);
            }
            if (arguments.Count >= function.Least && arguments.Count <= function.Most)
                return new Part.Called(function, arguments.ToEquatableArray());
            wrong = $"in which {name} takes {function.Takes}";
        }
        return null;
    }

    private abstract record Part
    {
        private Part() { }

        public sealed record Plain(string Text) : Part;
        public sealed record Named(string Name) : Part;
        public sealed record Called(TemplateFunction Function, EquatableArray<Template> Arguments) : Part;
    }
}
