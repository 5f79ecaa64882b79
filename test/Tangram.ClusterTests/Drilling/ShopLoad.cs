using System.Globalization;
using Tangram.Proving;

namespace Tangram.ClusterTests.Drilling;

/// <summary>300 requests a second through the gateway (100 by https), or as many as leave room
/// (<see cref="CarriedRate"/>), a third of them POSTs with an id of their own, until it is stopped. An open loop: they
/// leave at their times whatever happens to those before them.</summary>
internal sealed class ShopLoad : IAsyncDisposable
{
    public const double PostShare = 1.0 / 3;

    private const double MostRate = 300, LeastRate = 25;

    /// <summary>By TLS: a new connection costs its two ends several ms of the few cores that they share with the whole
    /// cluster. With keep-alive they come all at once, when what held them is replaced, and this client opens one for
    /// each request that waits: at 300 a second a slow machine would never be done with them.</summary>
    private const double MostSecureRate = 100;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10), Look = TimeSpan.FromSeconds(1.5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task<LoadResult> _run;

    private ShopLoad(LoadOptions options) =>
        _run = LoadRun.RunAsync(options, null, TimeProvider.System, _stop.Token);

    /// <param name="keepAlive">False: each request comes on a connection of its own.</param>
    public static Task<ShopLoad> OnAsync(ShopCluster cluster, TimeSpan? duration = null, bool keepAlive = true) =>
        OnAsync(Options(cluster.Gateway, duration ?? Longest, keepAlive, caFile: null), MostRate);

    /// <param name="caFile">Vouches for the gateway.</param>
    public static Task<ShopLoad> OnAsync(Uri gateway, string caFile, bool keepAlive) =>
        OnAsync(Options(gateway, Longest, keepAlive, caFile), MostSecureRate);

    private static async Task<ShopLoad> OnAsync(LoadOptions options, double most)
    {
        var rate = await CarriedRate.FindAsync(most, LeastRate, rate => LoadRun.RunAsync(
            options with { Rate = rate, Duration = Look }, null, TimeProvider.System, CancellationToken.None));
        return new ShopLoad(options with { Rate = rate });
    }

    private static LoadOptions Options(Uri gateway, TimeSpan duration, bool keepAlive, string? caFile)
    {
        var orders = new Uri(gateway, "api/orders");
        return new LoadOptions
        {
            Url = orders, Rate = LeastRate, Duration = duration, UniqueIdHeader = "x-request-id", CaFile = caFile,
            Headers = keepAlive ? [] : [new LoadHeader("Connection", "close")],
            Mix =
            [
                new LoadClass("GET", "GET", orders, null, 3),
                // Goes on to stock, over the address that the replica's node gives it.
                new LoadClass("GET one", "GET", new Uri(gateway, "api/orders/2"), null, 1),
                new LoadClass("POST", "POST", orders, "{}", 2),
            ],
        };
    }

    public bool Runs => !_run.IsCompleted;

    /// <summary>Waits for its end by itself.</summary>
    public Task<LoadResult> EndAsync() => _run;

    /// <summary>What was in flight at this moment counts as abandoned, not as failed.</summary>
    public async Task<LoadResult> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }
}

/// <summary>What a drill wants to know of a load.</summary>
internal static class LoadResults
{
    public static LoadCounts Posts(this LoadResult result) => result.Classes.Single(c => c.Name == "POST");
    public static long BadPosts(this LoadResult result) => result.Posts().Bad;
    public static long Gets(this LoadResult result) => result.Total.Sent - result.Posts().Sent;
    public static long BadGets(this LoadResult result) => result.Total.Bad - result.BadPosts();

    public static string Words(this LoadResult result)
    {
        var (all, latency) = (result.Total, result.Total.Latency);
        var troubles = result.Classes.SelectMany(c => c.Troubles.Select(trouble => $"{c.Name}: {trouble}")).ToList();
        return FormattableString.Invariant($"{all.Sent} requests in {result.Elapsed.TotalSeconds:0} s ") +
               FormattableString.Invariant($"at {result.Offered:0}/s; GETs failed {result.BadGets()}, ") +
               $"POSTs failed {result.BadPosts()}; p50 {Ms(latency.P50)}, p99 {Ms(latency.P99)}, " +
               $"max {Ms(latency.Max)}" + (troubles.Count == 0 ? "" : $" ({string.Join(", ", troubles)})");

        static string Ms(TimeSpan span) =>
            span.TotalMilliseconds.ToString("0.#", CultureInfo.InvariantCulture) + " ms";
    }

    public static string Examples(this LoadResult result) => string.Join('\n', result.Examples.Select(e =>
        FormattableString.Invariant($"{result.StartedAt + e.Ended:HH:mm:ss.fff} {e.Class} #{e.Index} ") +
        FormattableString.Invariant($"after {(e.Ended - e.Begun).TotalMilliseconds:0} ms: {e.Kind} {e.What}")));

    /// <summary>The generator did its part, no GET failed, and no POST was executed twice.</summary>
    public static void NoGetFailedAndNothingRanTwice(this LoadResult result, ShopCluster cluster)
    {
        var executed = cluster.Executed().Where(id => id.StartsWith(result.Run, StringComparison.Ordinal)).ToList();
        var twice = executed.GroupBy(id => id).Where(g => g.Count() > 1).Select(g => g.Key).ToList();
        Assert.True(twice.Count == 0, $"executed twice: {string.Join(", ", twice)}");
        Assert.True(executed.Count >= result.Posts().Ok,
            $"{result.Posts().Ok} POSTs were answered, and {executed.Count} executed");
        Assert.True(result.BadGets() == 0,
            $"{result.Words()}\n{result.Examples()}\n{cluster.Tail("events.jsonl", 60)}");
    }

    public static void NothingFailed(this LoadResult result, ShopCluster cluster)
    {
        result.NoGetFailedAndNothingRanTwice(cluster);
        Assert.True(result.Total.Bad == 0,
            $"{result.Words()}\n{result.Examples()}\n{cluster.Tail("events.jsonl", 60)}");
    }
}
