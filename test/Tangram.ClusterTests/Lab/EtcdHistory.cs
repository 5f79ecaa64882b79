using System.Text;
using System.Text.Json;
using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;

namespace Tangram.ClusterTests.Lab;

/// <summary>Everything that was ever written to the shop's etcd, as etcd's own client tells it.</summary>
internal sealed class EtcdHistory(ShopLab shop)
{
    private const string Prefix = "/tangram/shop/";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly List<KeyChange> _changes = [];
    private long _last;

    /// <summary>In the order in which they took effect.</summary>
    public IReadOnlyList<KeyChange> Changes => _changes;

    /// <summary>Reads what was written since it was called last. To be called more often than etcd is compacted:
    /// every five minutes.</summary>
    public async Task ReadOnAsync()
    {
        var newest = await NewestAsync();
        if (newest <= _last) return;
        var watch = shop.Client.Start("etcdctl",
            shop.EtcdCtl(shop.Servers, "watch", Prefix, "--prefix", $"--rev={_last + 1}", "-w", "json"));
        try
        {
            var found = await Until.SomeAsync(() =>
            {
                var changes = Parse(watch.Printed);
                return Task.FromResult(changes.Count > 0 && changes[^1].Pair.ModRevision >= newest ? changes : null);
            }, Patience, () => $"the history from {_last} to {newest}. {watch.Tail()}");
            _changes.AddRange(found);
            _last = found[^1].Pair.ModRevision;
        }
        finally
        {
            watch.Kill();
        }
    }

    /// <summary>The revision of the newest change: what is changed later is read the next time.</summary>
    private async Task<long> NewestAsync()
    {
        var (code, printed) = await shop.Client.RunAsync(Patience,
            shop.EtcdCtl(shop.Servers, "get", Prefix + Keys.Asked, "-w", "json"));
        Assert.True(code == 0, printed + shop.Client.Tail());
        using var answer = JsonDocument.Parse(printed);
        return answer.RootElement.GetProperty("header").GetProperty("revision").GetInt64();
    }

    /// <summary>One line for each answer; the last may not be whole yet.</summary>
    private static List<KeyChange> Parse(string printed)
    {
        var changes = new List<KeyChange>();
        var whole = printed[..(printed.LastIndexOf('\n') + 1)];
        foreach (var line in whole.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var answer = JsonDocument.Parse(line);
            Assert.True(!answer.RootElement.TryGetProperty("CompactRevision", out var compacted)
                || compacted.GetInt64() == 0, $"the history was compacted: {line}");
            if (!answer.RootElement.TryGetProperty("Events", out var events)
                || events.ValueKind != JsonValueKind.Array) continue;
            changes.AddRange(events.EnumerateArray().Select(Read));
        }
        return changes;
    }

    private static KeyChange Read(JsonElement change)
    {
        var pair = change.GetProperty("kv");
        return new KeyChange(
            new KeyValue(Text("key")[Prefix.Length..], Text("value"), Number(pair, "create_revision"),
                Number(pair, "mod_revision"), Number(pair, "version"), Number(pair, "lease")),
            Number(change, "type") == 1);

        string Text(string name) => pair.TryGetProperty(name, out var text)
            ? Encoding.UTF8.GetString(text.GetBytesFromBase64())
            : "";
    }

    private static long Number(JsonElement of, string name) =>
        of.TryGetProperty(name, out var number) ? number.GetInt64() : 0;
}
