using System.Text.Json.Serialization;
using Shop;

Item[] items = [new("tea", 120), new("cup", 48), new("kettle", 7)];

var app = Replica.Build();
app.MapGet("/healthz", () => "ok\n");
app.MapGet("/api/stock", () => TypedResults.Json(items, StockJson.Default.ItemArray));
app.MapGet("/api/stock/{name}", IResult (string name) => Array.Find(items, item => item.Name == name) is { } item
    ? TypedResults.Json(item, StockJson.Default.Item)
    : TypedResults.NotFound());
await app.RunAsync();

internal sealed record Item(string Name, int InStock);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Item))]
[JsonSerializable(typeof(Item[]))]
internal sealed partial class StockJson : JsonSerializerContext;
