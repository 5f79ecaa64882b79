using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tangram.Tests.Observing;

/// <summary>Says where a JSON value is not what a schema describes: the part of JSON Schema that our description
/// uses, and an object may have no key that is not described.</summary>
internal sealed class JsonShape(JsonNode document)
{
    private static readonly HashSet<string> Known =
    [
        "type", "$ref", "properties", "required", "items", "enum", "anyOf", "oneOf", "description", "pattern",
        "maxLength", "format", "default", "additionalProperties", "contentEncoding",
    ];

    public IEnumerable<string> Wrong(JsonNode schema, JsonNode? value, string at = "$")
    {
        if (schema["$ref"] is { } reference)
            return Wrong(document["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!, value, at);
        if ((schema["anyOf"] ?? schema["oneOf"]) is JsonArray choices)
            return choices.Any(c => !Wrong(c!, value, at).Any()) ? []
                : [$"{at}: {value?.ToJsonString()} is none of them"];
        return Own(schema.AsObject(), value, at);
    }

    private IEnumerable<string> Own(JsonObject schema, JsonNode? value, string at)
    {
        foreach (var (word, _) in schema)
            if (!Known.Contains(word)) yield return $"{at}: this test does not know '{word}'";
        if (schema["type"] is { } type && !Types(type).Contains(TypeOf(value)) &&
            !(TypeOf(value) == "integer" && Types(type).Contains("number")))
            yield return $"{at}: {TypeOf(value)} is not {type.ToJsonString()}";
        if (schema["enum"] is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
            yield return $"{at}: {value?.ToJsonString()} is not one of {allowed.ToJsonString()}";
        if (schema["pattern"] is { } pattern && value is JsonValue text
            && !Regex.IsMatch(text.GetValue<string>(), (string)pattern!))
            yield return $"{at}: {text} does not match {pattern}";
        if (value is JsonArray list && schema["items"] is { } items)
            for (var i = 0; i < list.Count; i++)
                foreach (var wrong in Wrong(items, list[i], string.Create(CultureInfo.InvariantCulture, $"{at}[{i}]")))
                    yield return wrong;
        if (value is not JsonObject map || schema["properties"] is not JsonObject properties) yield break;
        foreach (var missing in (schema["required"] as JsonArray ?? []).Where(r => !map.ContainsKey((string)r!)))
            yield return $"{at}: {missing} is missing";
        foreach (var (key, inner) in map)
            if (properties[key] is not { } property) yield return $"{at}: {key} is not described";
            else
                foreach (var wrong in Wrong(property, inner, $"{at}.{key}")) yield return wrong;
    }

    private static IEnumerable<string> Types(JsonNode type) =>
        type is JsonArray several ? several.Select(t => (string)t!) : [(string)type!];

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.String => "string",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => value.ToJsonString().AsSpan().IndexOfAny(".eE") < 0 ? "integer" : "number",
    };
}
