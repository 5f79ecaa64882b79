using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Shop;

internal sealed record Order(int Id, string Item, int Count, int? InStock = null);

internal sealed record StockAnswer(int InStock);

internal sealed record Placed(string Id, string Replica, string Version);

internal sealed record VersionAnswer(string Version, string Replica, string Zone);

/// <summary>Takes orders and tells of them. It keeps nothing: replicas share no memory.</summary>
internal sealed class OrderDesk(Executions? executions, HttpClient? stock)
{
    private static readonly Order[] Orders = [new(1, "tea", 2), new(2, "cup", 4), new(3, "kettle", 1)];

    public static JsonHttpResult<VersionAnswer> Version() =>
        TypedResults.Json(new VersionAnswer(Build.Version, Replica.Name, Replica.Zone), OrderJson.Default.VersionAnswer);

    public async Task<IResult> AllAsync()
    {
        await Task.Delay(Replica.Latency);
        return TypedResults.Json(Orders, OrderJson.Default.OrderArray);
    }

    public async Task<IResult> OneAsync(int id)
    {
        await Task.Delay(Replica.Latency);
        if (Array.Find(Orders, order => order.Id == id) is not { } order) return TypedResults.NotFound();
        if (stock is null) return TypedResults.Json(order, OrderJson.Default.Order);
        using var answer = await stock.GetAsync($"/api/stock/{order.Item}");
        // A dependency that fails is shown, not papered over: the shop is here to be measured.
        if (!answer.IsSuccessStatusCode) return TypedResults.Text("stock does not answer\n", statusCode: 502);
        var found = await answer.Content.ReadFromJsonAsync(OrderJson.Default.StockAnswer);
        return TypedResults.Json(order with { InStock = found?.InStock }, OrderJson.Default.Order);
    }

    /// <summary>The execution is noted before the work, so that one that is cut half-way counts too.</summary>
    public async Task<IResult> PlaceAsync(HttpRequest request)
    {
        var id = request.Headers["x-request-id"].ToString();
        if (id.Length is 0 or > 100 || id.Any(char.IsWhiteSpace))
            return TypedResults.Text("the header x-request-id is missing, blank or too long\n", statusCode: 400);
        await request.Body.CopyToAsync(Stream.Null);
        executions?.Add(id);
        await Task.Delay(Replica.Latency);
        return TypedResults.Json(new Placed(id, Replica.Name, Build.Version), OrderJson.Default.Placed, statusCode: 201);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(Order[]))]
[JsonSerializable(typeof(Placed))]
[JsonSerializable(typeof(StockAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
internal sealed partial class OrderJson : JsonSerializerContext;
