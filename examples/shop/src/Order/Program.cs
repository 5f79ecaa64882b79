using Shop;

#if EXITS_AT_START
await Console.Error.WriteLineAsync("order: this build ends at start, on purpose");
return 3;
#else
using var executions = Replica.Read("EXECUTIONS") is { } path ? new Executions(path) : null;
using var stock = Replica.ClientOf("STOCK");
var desk = new OrderDesk(executions, stock);

var app = Replica.Build();
#if NEVER_READY
app.MapGet("/healthz", () => TypedResults.Text("never ready, on purpose\n", statusCode: 503));
#else
app.MapGet("/healthz", () => "ok\n");
#endif
app.MapGet("/version", OrderDesk.Version);
var orders = app.MapGroup("/api/orders");
#if HALF_BROKEN
var count = 0;
orders.AddEndpointFilter(async (context, next) => Interlocked.Increment(ref count) % 2 == 0
    ? TypedResults.Text("half broken, on purpose\n", statusCode: 500)
    : await next(context));
#endif
orders.MapGet("/version", OrderDesk.Version);
orders.MapGet("/", () => desk.AllAsync());
orders.MapGet("/{id:int}", (int id) => desk.OneAsync(id));
orders.MapPost("/", (HttpRequest request) => desk.PlaceAsync(request));
await app.RunAsync();
return 0;
#endif
