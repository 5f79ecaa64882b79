using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tangram.Planning;

/// <summary>Prints <c>docs/x-tangram.schema.json</c>: JSON Schema for what stands under <c>x-tangram</c>, from the
/// table that the reader follows. It leaves everything else to Compose's own schema.</summary>
public static class XTangramSchema
{
    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text() => new JsonObject
    {
        ["$schema"] = "http://json-schema.org/draft-07/schema#",
        ["title"] = "x-tangram in a Compose file",
        ["description"] = "Printed by `tangram config --schema` from the table that Tangram's reader follows.",
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["x-tangram"] = Of(TopKeys.Tangram),
            ["services"] = new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = new JsonObject
                {
                    ["properties"] = new JsonObject { ["x-tangram"] = Of(ServiceKeys.Tangram) },
                },
            },
        },
    }.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";

    /// <summary>The honoured keys of a section; a key whose shape the table does not know may hold anything.</summary>
    internal static JsonObject Of(Section section)
    {
        var properties = new JsonObject();
        foreach (var key in section.Keys.Where(key => key.Honoured))
        {
            var schema = key.Shape?.Schema() ?? [];
            schema["description"] = key.Note;
            properties[key.Name] = schema;
        }
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["patternProperties"] = new JsonObject { ["^x-"] = new JsonObject() },
            ["additionalProperties"] = false,
        };
    }
}
