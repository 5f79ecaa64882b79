using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tangram.Observing;

/// <summary>The description of the API, OpenAPI 3.1, made of the table of routes and of the types that they
/// carry.</summary>
internal static class OpenApi
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Text() => Document().ToJsonString(Indented) + "\n";

    private static JsonObject Document()
    {
        var schemas = new ApiSchemas();
        var paths = new JsonObject();
        foreach (var route in ApiRoute.All)
        {
            if (paths[route.Path] is not JsonObject methods) paths[route.Path] = methods = [];
            methods[route.Method.ToLowerInvariant()] = Operation(route, schemas);
        }
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Tangram",
                ["version"] = "1",
                ["description"] = "The API of a running cluster, on the unix socket STATE/CLUSTER/tangram.sock, " +
                    "which its owner alone may open. While the store does not answer, every answer has the header " +
                    $"{ApiAnswers.StaleHeader} with a sentence that says since when. Fields are added, never renamed.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "http://tangram" }),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas.All() },
        };
    }

    private static JsonObject Operation(ApiRoute route, ApiSchemas schemas)
    {
        var operation = new JsonObject { ["summary"] = route.Summary };
        var inPath = route.Path.Split('/').Where(part => part.StartsWith('{')).Select(part => part[1..^1]);
        var parameters = new JsonArray();
        foreach (var name in inPath) parameters.Add(Parameter(name, "path", "string", null));
        foreach (var query in route.Queries) parameters.Add(Parameter(query.Name, "query", query.Type, query.Summary));
        if (parameters.Count > 0) operation["parameters"] = parameters;
        if (route.Takes is { } takes)
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true, ["content"] = Content(HttpAnswer.JsonType, schemas.For(takes)),
            };
        var answer = schemas.For(route.Gives);
        if (route.ThenGives is { } then)
            answer = new JsonObject
            {
                ["description"] = "The data of an event: 'snapshot' comes first, 'delta' after it.",
                ["oneOf"] = new JsonArray(answer, schemas.For(then)),
            };
        var responses = new JsonObject { ["200"] = Response("Done.", Content(route.GivesAs, answer)) };
        foreach (var status in route.Refusals)
            responses[status.ToString(System.Globalization.CultureInfo.InvariantCulture)] =
                Response(Meaning(status), Content(HttpAnswer.JsonType, schemas.For(typeof(ErrorView))));
        operation["responses"] = responses;
        return operation;
    }

    private static JsonObject Parameter(string name, string place, string type, string? summary)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place };
        if (summary is not null) parameter["description"] = summary;
        if (place == "path") parameter["required"] = true;
        parameter["schema"] = new JsonObject { ["type"] = type };
        return parameter;
    }

    private static JsonObject Response(string description, JsonObject content) =>
        new() { ["description"] = description, ["content"] = content };

    private static JsonObject Content(string type, JsonNode schema) =>
        new() { [type] = new JsonObject { ["schema"] = schema } };

    private static string Meaning(int status) => status switch
    {
        400 => "The request is wrong.",
        404 => "Nothing has that name.",
        409 => "It cannot be done as things stand.",
        503 => "The store does not answer: it did not happen.",
        _ => "The store's answer was lost: it may have happened.",
    };
}
