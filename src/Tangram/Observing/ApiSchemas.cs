using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>JSON schemas of the types that the API carries, from the same metadata that writes and reads them. Each
/// record is one named schema that others refer to.</summary>
internal sealed class ApiSchemas
{
    private static readonly Dictionary<Type, string> Names = new()
    {
        [typeof(ServiceName)] = "A service's name.", [typeof(NodeName)] = "A node's name.",
        [typeof(ZoneName)] = "A zone's name.", [typeof(ReplicaName)] = "A replica's name.",
    };

    private static JsonObject Base64 => new() { ["type"] = "string", ["contentEncoding"] = "base64" };

    private readonly SortedDictionary<string, JsonNode> _named = new(StringComparer.Ordinal);

    /// <summary>The schemas that were referred to, by name.</summary>
    public JsonObject All()
    {
        var all = new JsonObject();
        foreach (var (name, schema) in _named) all[name] = schema.DeepClone();
        return all;
    }

    /// <summary>The schema of a type, or a reference to it.</summary>
    public JsonNode For(Type type)
    {
        if (type == typeof(object)) return new JsonObject { ["type"] = "object" };
        if (type == typeof(Content)) return Base64;
        if (type.IsArray) return ListOf(type.GetElementType()!);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EquatableArray<>))
            return ListOf(type.GetGenericArguments()[0]);
        if (Names.TryGetValue(type, out var whose))
            return new JsonObject
            {
                ["type"] = "string", ["description"] = whose, ["maxLength"] = Model.Names.Longest,
                ["pattern"] = "^[A-Za-z0-9][A-Za-z0-9._-]*$",
            };
        return IsRecord(type) ? Named(type) : Exported(type);
    }

    private static bool IsRecord(Type type) =>
        type.IsClass && type.Namespace?.StartsWith("Tangram.", StringComparison.Ordinal) == true;

    /// <summary>Views have every key; stored documents leave out what is empty.</summary>
    private static bool IsView(Type type) => type.Namespace == typeof(StatusView).Namespace;

    private JsonObject ListOf(Type item) => new() { ["type"] = "array", ["items"] = For(item) };

    private JsonObject Named(Type type)
    {
        if (!_named.ContainsKey(type.Name))
        {
            _named[type.Name] = new JsonObject();
            _named[type.Name] = Exported(type);
        }
        return new JsonObject { ["$ref"] = $"#/components/schemas/{type.Name}" };
    }

    private JsonNode Exported(Type type)
    {
        var options = IsView(type) ? ViewJson.Default.Options : Json.Default.Options;
        return options.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) => Transformed(type, context, schema),
        });
    }

    private JsonNode Transformed(Type root, JsonSchemaExporterContext context, JsonNode schema)
    {
        var given = context.TypeInfo.Type;
        var type = Nullable.GetUnderlyingType(given) ?? given;
        if (type == root && context.PropertyInfo is null) return Complete(context.TypeInfo, schema);
        if (!IsOurs(type)) return Plain(schema);
        var reference = For(type);
        var nullable = given != type || context.PropertyInfo is { } property
            && (property.IsGetNullable || property.AssociatedParameter?.IsNullable == true) && type.IsClass;
        return nullable
            ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) }
            : reference;
    }

    private static bool IsOurs(Type type) => IsRecord(type) || Names.ContainsKey(type)
        || type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EquatableArray<>);

    private static JsonNode Plain(JsonNode schema)
    {
        // The exporter's only one is about a type of ours that readers do not have.
        if (schema is JsonObject map && map.Remove("$comment")) map["description"] = "[days.]hh:mm:ss[.fraction]";
        return schema;
    }

    private static JsonNode Complete(JsonTypeInfo type, JsonNode schema)
    {
        if (schema is not JsonObject map || type.Kind != JsonTypeInfoKind.Object) return schema;
        map["type"] = "object";
        // What is computed is not read, and of stored documents not written either.
        foreach (var property in type.Properties)
            if (!IsView(type.Type) && property.Set is null && property.AssociatedParameter is null)
                (map["properties"] as JsonObject)?.Remove(property.Name);
        if (!IsView(type.Type) || map["properties"] is not JsonObject properties) return map;
        map["required"] = new JsonArray([.. properties.Select(p => JsonValue.Create(p.Key))]);
        return map;
    }
}
