using System.Globalization;
using System.Text.Json;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>A JSON path (RFC 9535) without filters and slices: <c>$.a.b</c>, <c>$['a']</c>, <c>[0]</c>, <c>[-1]</c>,
/// <c>[*]</c>, <c>.*</c>, <c>..name</c>.</summary>
public sealed record JsonPath
{
    public const int MostSteps = 50, MostFound = 10_000;

    private readonly EquatableArray<PathStep> _steps;

    private JsonPath(string text, EquatableArray<PathStep> steps) => (Text, _steps) = (text, steps);

    public string Text { get; }

    /// <summary>Null and what is wrong, in words that follow the path.</summary>
    public static JsonPath? TryMake(string text, out string wrong)
    {
        wrong = "";
        var (steps, at) = (new List<PathStep>(), 0);
        if (text.StartsWith('$')) at = 1;
        else wrong = "which does not begin with $";
        while (wrong.Length == 0 && at < text.Length)
        {
            if (Step(text, ref at) is { } step && steps.Count < MostSteps) steps.Add(step);
            else wrong = text.Contains("[?") || text.Contains(':')
                ? "which has a filter or a slice: those are not known here"
                : $"which is not a JSON path at its character {Math.Min(at, text.Length) + 1}";
        }
        return wrong.Length > 0 ? null : new JsonPath(text, steps.ToEquatableArray());
    }

    /// <summary>Texts as they are, anything else as JSON.</summary>
    public IReadOnlyList<string> Find(JsonElement root)
    {
        try { return Found(root); }
        // A name or a text of the answer is half of a surrogate pair.
        catch (InvalidOperationException) { return []; }
    }

    private List<string> Found(JsonElement root)
    {
        var here = new List<JsonElement> { root };
        foreach (var step in _steps)
        {
            var next = new List<JsonElement>();
            foreach (var element in here) step.Take(element, next);
            here = next;
        }
        return [.. here.Select(e => e.ValueKind == JsonValueKind.String ? e.GetString()! : e.GetRawText())];
    }

    private static PathStep? Step(string text, ref int at)
    {
        var deep = text.AsSpan(at).StartsWith("..");
        if (deep) at++;
        if (text[at] == '.' && !(deep && at + 1 < text.Length && text[at + 1] == '['))
        {
            var begins = ++at;
            while (at < text.Length && text[at] is not ('.' or '[' or ']' or '(' or '\'' or '"' or '?' or '@')) at++;
            var name = text[begins..at];
            return name.Length == 0 ? null : name == "*" ? new PathStep(null, null, deep) : new(name, null, deep);
        }
        if (deep) at++;
        if (at >= text.Length || text[at] != '[') return null;
        var close = at + 1 < text.Length && text[at + 1] is '\'' or '"'
            ? text.IndexOf($"{text[at + 1]}]", at + 2, StringComparison.Ordinal) + 1
            : text.IndexOf(']', at);
        if (close <= at + 1) return null;
        var inside = text[(at + 1)..close];
        var after = close + 1;
        PathStep? step = null;
        if (inside == "*") step = new PathStep(null, null, deep);
        else if (inside[0] is '\'' or '"')
            step = inside.Length > 2 ? new PathStep(inside[1..^1], null, deep) : null;
        else if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            step = new PathStep(null, index, deep);
        if (step is not null) at = after;
        return step;
    }

    public bool Equals(JsonPath? other) => other is not null && Text == other.Text;
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>A name, or an index (from the end when negative), or neither: everything.</summary>
    /// <param name="Deep">Here and in everything below.</param>
    private sealed record PathStep(string? Name, int? Index, bool Deep)
    {
        public void Take(JsonElement from, List<JsonElement> to)
        {
            if (to.Count >= MostFound) return;
            if (from.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in from.EnumerateObject())
                {
                    if (Index is null && (Name is null || property.Name == Name)) to.Add(property.Value);
                    if (Deep) Take(property.Value, to);
                    if (to.Count >= MostFound) return;
                }
            }
            else if (from.ValueKind == JsonValueKind.Array)
            {
                var (length, at) = (from.GetArrayLength(), 0);
                var wanted = Index < 0 ? length + Index : Index;
                foreach (var item in from.EnumerateArray())
                {
                    if (Name is null && (Index is null || wanted == at)) to.Add(item);
                    if (Deep) Take(item, to);
                    if (to.Count >= MostFound) return;
                    at++;
                }
            }
        }
    }
}
