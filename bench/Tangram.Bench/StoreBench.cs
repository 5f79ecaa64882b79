using System.Diagnostics;
using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;

namespace Tangram.Bench;

/// <summary>Durable transactions a second, one at a time and with 64 writers: of the SQLite store on the disk under the
/// temporary folder, or of the etcd at the URLs that are given.</summary>
internal static class StoreBench
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    public static Task<int> RunAsync(string[] endpoints) =>
        endpoints.Length == 0 ? SqliteAsync() : EtcdAsync(new EtcdOptions(endpoints) { KeyPrefix = "/tangram-bench/" });

    private static async Task<int> EtcdAsync(EtcdOptions options)
    {
        await using var store = await EtcdStore.OpenAsync(options, TimeProvider.System);
        foreach (var writers in new[] { 1, 64 }) await MeasureAsync("etcd", store, writers);
        await store.CommitAsync(new Txn { Then = [new StoreOp.DeletePrefix("")] });
        return 0;
    }

    private static async Task<int> SqliteAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tangram-bench-").FullName;
        try
        {
            foreach (var writers in new[] { 1, 64 })
            {
                var file = Path.Combine(folder, $"{writers}.db");
                await using var store = await SqliteStore.OpenAsync(file, TimeProvider.System);
                await MeasureAsync("sqlite", store, writers);
            }
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string name, IStore store, int writers)
    {
        await MeasureAsync(store, writers, TimeSpan.FromSeconds(1));
        var latencies = await MeasureAsync(store, writers, Duration);
        latencies.Sort();
        Console.WriteLine(
            $"store {name}, {writers,2} writer(s): {latencies.Count / Duration.TotalSeconds,8:0} txn/s, " +
            $"p50 {latencies[latencies.Count / 2].TotalMilliseconds:0.00} ms, " +
            $"p99 {latencies[latencies.Count * 99 / 100].TotalMilliseconds:0.00} ms");
    }

    private static async Task<List<TimeSpan>> MeasureAsync(IStore store, int writers, TimeSpan duration)
    {
        var started = Stopwatch.GetTimestamp();
        var perWriter = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var latencies = new List<TimeSpan>();
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var sent = Stopwatch.GetTimestamp();
                var key = $"seen/node-{(writer * 100) + (latencies.Count % 100)}";
                var put = new StoreOp.Put(key, $"{{\"n\":{latencies.Count}}}");
                var answer = await store.CommitAsync(new Txn { Then = [put] });
                if (answer.Status != StoreStatus.Ok) throw new InvalidOperationException(answer.Error);
                latencies.Add(Stopwatch.GetElapsedTime(sent));
            }
            return latencies;
        })));
        return [.. perWriter.SelectMany(latencies => latencies)];
    }
}
