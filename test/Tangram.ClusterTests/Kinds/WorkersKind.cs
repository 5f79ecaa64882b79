using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Kinds;

internal sealed class WorkersKind() : Kind("workers")
{
    private int _items;

    public override Running[] Before => [new("api", 2), new("worker", 4, "1"), new("queue", 1)];
    public override Running[] After => [new("api", 2), new("worker", 4, "2"), new("queue", 1)];

    /// <summary>Work for longer than the change takes.</summary>
    public override Task UpAsync(KindCluster cluster) => PutAsync(cluster, 100);

    public override async Task ChangedAsync(KindCluster cluster)
    {
        // When the machine is slow, all of the work before may be done by now.
        await PutAsync(cluster, 20);
        await DoneAsync(cluster, "1", "2");
        await PutAsync(cluster, 60);
    }

    public override Task BackAsync(KindCluster cluster) => DoneAsync(cluster, "1", "2");

    private async Task PutAsync(KindCluster cluster, int count)
    {
        for (var i = 0; i < count; i++) await cluster.PostAsync("/store/items", $"{_items++}");
    }

    /// <summary>Every item, each once, by workers of these versions.</summary>
    private async Task DoneAsync(KindCluster cluster, params string[] versions)
    {
        var done = await Until.SomeAsync(async () =>
                (await cluster.GetAsync("/store/done")).EnumerateArray().ToArray() is { } some &&
                some.Length >= _items ? some : null,
            TimeSpan.FromSeconds(30), () => $"{_items} items done\n{cluster.Tail()}");
        Assert.Equal(Enumerable.Range(0, _items), done.Select(item => item.GetProperty("item").GetInt32()).Order());
        Assert.Equal(versions, done.Select(item => item.GetProperty("version").GetString()).Distinct().Order());
    }
}
