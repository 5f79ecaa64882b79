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

    public static JsonHttpResult<VersionAnswer> Version()
    {
        var answer = new VersionAnswer(Build.Version, Replica.Name, Replica.Zone);
        return TypedResults.Json(answer, OrderJson.Default.VersionAnswer);
    }

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
        try
        {
            var found = await stock.GetFromJsonAsync($"/api/stock/{order.Item}", OrderJson.Default.StockAnswer);
            return TypedResults.Json(order with { InStock = found?.InStock }, OrderJson.Default.Order);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            // A dependency that fails is shown, not papered over: the shop is here to be measured.
            return TypedResults.Text($"stock does not answer: {e.Message}\n", statusCode: 502);
        }
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
        var placed = new Placed(id, Replica.Name, Build.Version);
        return TypedResults.Json(placed, OrderJson.Default.Placed, statusCode: 201);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(Order[]))]
[JsonSerializable(typeof(Placed))]
[JsonSerializable(typeof(StockAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
internal sealed partial class OrderJson : JsonSerializerContext;
