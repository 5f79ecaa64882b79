using System.Text.Json.Nodes;

namespace Tangram.Planning;

/// <summary>What may stand as the value of a key, for editors: the reader decides, this completes. A variable, which is
/// known only when the file is read, may stand for every single value.</summary>
public abstract record Shape
{
    private const string Variable = @"\$";

    private Shape() { }

    internal abstract JsonObject Schema();

    internal static Shape Duration { get; } = new Text(@"^(0|([0-9]*\.?[0-9]+(us|µs|ms|s|m|h|d))+)$");
    internal static Shape Share { get; } = new Text(@"^([0-9]*\.?[0-9]+) ?%?$", Number: true);
    internal static Shape Flag { get; } = new Either();

    /// <param name="Pattern">A regular expression; null: any text.</param>
    /// <param name="Number">It may be written as a number.</param>
    internal sealed record Text(string? Pattern = null, bool Number = false) : Shape
    {
        internal override JsonObject Schema()
        {
            var schema = new JsonObject { ["type"] = Number ? new JsonArray("string", "number") : "string" };
            if (Pattern is not null) schema["pattern"] = $"{Pattern}|{Variable}";
            return schema;
        }
    }

    internal sealed record Words(params string[] All) : Shape
    {
        internal override JsonObject Schema() => new()
        {
            ["anyOf"] = new JsonArray(
                new JsonObject { ["enum"] = new JsonArray([.. All.Select(word => JsonValue.Create(word))]) },
                new JsonObject { ["type"] = "string", ["pattern"] = Variable }),
        };
    }

    internal sealed record Whole(int Least, int Most) : Shape
    {
        internal override JsonObject Schema() => new()
        {
            ["type"] = new JsonArray("integer", "string"), ["minimum"] = Least, ["maximum"] = Most,
            ["pattern"] = "^[0-9]+$|" + Variable,
        };
    }

    internal sealed record Many(Shape One, int Least = 0) : Shape
    {
        internal override JsonObject Schema()
        {
            var schema = new JsonObject { ["type"] = "array", ["items"] = One.Schema() };
            if (Least > 0) schema["minItems"] = Least;
            return schema;
        }
    }

    internal sealed record OneOrMany(Shape One) : Shape
    {
        internal override JsonObject Schema() => new()
        {
            ["anyOf"] = new JsonArray(One.Schema(), new Many(One).Schema()),
        };
    }

    internal sealed record Or(Shape One, Shape Other) : Shape
    {
        internal override JsonObject Schema() => new()
        {
            ["anyOf"] = new JsonArray(One.Schema(), Other.Schema()),
        };
    }

    /// <param name="Section">When it is asked for, since sections name each other.</param>
    internal sealed record Of(Func<Section> Section) : Shape
    {
        internal override JsonObject Schema() => XTangramSchema.Of(Section());
    }

    private sealed record Either : Shape
    {
        internal override JsonObject Schema() => new()
        {
            ["type"] = new JsonArray("boolean", "string"), ["pattern"] = "^([Tt]rue|[Ff]alse)$|" + Variable,
        };
    }
}
