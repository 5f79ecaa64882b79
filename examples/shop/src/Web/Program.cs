using System.Net;
using Shop;

using var orders = Replica.ClientOf("ORDER");

var app = Replica.Build();
app.MapGet("/healthz", () => "ok\n");
app.MapGet("/", async () => TypedResults.Content(Page(await OrdersAsync()), "text/html; charset=utf-8"));
await app.RunAsync();

async Task<string> OrdersAsync()
{
    if (orders is null) return "The order service has no address.";
    try
    {
        return await orders.GetStringAsync("/api/orders");
    }
    catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
    {
        return "The order service does not answer.";
    }
}

static string Page(string orders) => $$"""
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>The shop</title>
    <style>
      :root { color-scheme: light dark; font: 1rem/1.5 system-ui }
      body { max-width: 40rem; margin: 2rem auto }
      pre { white-space: pre-wrap }
    </style>
    <h1>The shop</h1>
    <p>Served by <b>{{WebUtility.HtmlEncode(Replica.Name)}}</b>
    in zone <b>{{WebUtility.HtmlEncode(Replica.Zone)}}</b>.</p>
    <pre>{{WebUtility.HtmlEncode(orders)}}</pre>
    </html>

    """;
