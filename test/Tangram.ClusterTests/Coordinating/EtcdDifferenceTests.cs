using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>The same operations, from a seed, on SQLite and on etcd: every answer and every event must be the
/// same.</summary>
public sealed class EtcdDifferenceTests(OneEtcd etcd, ITestOutputHelper output) : IClassFixture<OneEtcd>
{
    private const int Operations = 400;
    private static readonly string[] Prefixes = ["", "a", "a/", "b", "b/1", "none"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task SQLite_and_etcd_answer_the_same(ulong seed)
    {
        output.WriteLine($"seed {seed}");
        var folder = Directory.CreateTempSubdirectory("tangram-difference-").FullName;
        try
        {
            await using var sqlite = await SqliteStore.OpenAsync(Path.Combine(folder, "store.db"), TimeProvider.System);
            await using var remote = await etcd.OpenAsync();
            await CompareAsync(new Rng(seed), await Side.OfAsync(sqlite), await Side.OfAsync(remote));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareAsync(Rng rng, Side sqlite, Side remote)
    {
        var (leases, compacted) = (0, false);
        foreach (var i in Enumerable.Range(0, Operations))
        {
            var lease = rng.Next(leases + 1);
            Func<Side, Task<string>> operation;
            switch (rng.Next(12))
            {
                case 0:
                    leases++;
                    operation = side => side.GrantAsync();
                    break;
                case 1: operation = side => side.KeepAliveAsync(lease); break;
                case 2 when rng.Chance(0.5): operation = side => side.RevokeAsync(lease); break;
                case 3 when i > Operations * 3 / 4 && rng.Chance(0.3):
                    var (back, ahead) = (rng.Next(30), rng.Chance(0.1) ? 1 + rng.Next(5) : 0);
                    compacted = true;
                    operation = side => side.CompactAsync(side.Last - back + ahead);
                    break;
                case 4:
                    var prefix = Prefixes[rng.Next(Prefixes.Length)];
                    operation = side => side.RangeAsync(prefix);
                    break;
                case 5 when rng.Chance(0.3):
                    var behind = rng.Next(40);
                    operation = side => side.HistoryAsync(side.Last - behind);
                    break;
                default:
                    var seed = (ulong)rng.Next(int.MaxValue);
                    var known = leases;
                    operation = side => side.CommitAsync(Transaction(new Rng(seed), side, known));
                    break;
            }
            var expected = await operation(sqlite);
            var actual = await operation(remote);
            Assert.True(expected == actual, $"operation {i}:\nSQLite {expected}\netcd   {actual}");
        }
        foreach (var prefix in Prefixes)
        {
            Assert.Equal(await sqlite.RangeAsync(prefix), await remote.RangeAsync(prefix));
            if (!compacted) Assert.Equal(await sqlite.WatchedAsync(prefix), await remote.WatchedAsync(prefix));
        }
        Assert.Equal(await sqlite.HistoryAsync(1), await remote.HistoryAsync(1));
    }

    private static Txn Transaction(Rng rng, Side side, int leases) => new()
    {
        Compares = [.. Some(rng, 3, () => new Compare(Key(rng), (CompareTarget)rng.Next(4), (CompareResult)rng.Next(4),
            Number(rng, side), $"{rng.Next(3)}"))],
        Then = [.. Some(rng, 4, () => Operation(rng, side, leases))],
        Else = [.. Some(rng, 3, () => Operation(rng, side, leases))],
    };

    /// <summary>A version, or a revision of late.</summary>
    private static long Number(Rng rng, Side side)
    {
        var (version, back) = (rng.Next(4), rng.Next(10));
        return rng.Chance(0.5) ? version : side.Absolute(Math.Max(0, side.Last - back));
    }

    private static StoreOp Operation(Rng rng, Side side, int leases) => rng.Next(10) switch
    {
        < 6 => new StoreOp.Put(Key(rng), $"{rng.Next(3)}", rng.Chance(0.6) ? 0 : side.Lease(rng.Next(leases + 1))),
        < 8 => new StoreOp.Delete(Key(rng)),
        8 => new StoreOp.Get(Key(rng)),
        _ when rng.Chance(0.3) => new StoreOp.DeletePrefix(Prefixes[rng.Next(Prefixes.Length)]),
        _ => new StoreOp.Get(Key(rng)),
    };

    private static string Key(Rng rng) =>
        $"{(rng.Chance(0.5) ? 'a' : 'b')}{(rng.Chance(0.2) ? "" : $"/{rng.Next(12)}")}";

    private static IEnumerable<T> Some<T>(Rng rng, int most, Func<T> make)
    {
        for (var left = rng.Next(most + 1); left > 0; left--) yield return make();
    }

    /// <summary>A store whose revisions count from where it stood, and whose leases from the first, so that two can be
    /// compared as text.</summary>
    private sealed class Side
    {
        private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(10);
        private readonly IStore _store;
        private readonly long _start;
        private readonly List<long> _leases = [];

        private Side(IStore store, long start) => (_store, _start) = (store, start);

        /// <summary>The newest revision, counted from the start.</summary>
        public long Last { get; private set; }

        public static async Task<Side> OfAsync(IStore store) => new(store, (await store.RangeAsync("")).Revision);

        public long Absolute(long revision) => revision == 0 ? 0 : _start + revision;

        /// <summary>An unknown one for a number that was not granted yet.</summary>
        public long Lease(int number) => number < _leases.Count ? _leases[number] : 987_654_321;

        public async Task<string> CommitAsync(Txn txn)
        {
            var answer = await _store.CommitAsync(txn);
            if (answer.Status == StoreStatus.Ok) Last = answer.Revision - _start;
            return Text((answer.Status, answer.Succeeded, Last,
                string.Join(' ', answer.Gets.Select(pair => pair is null ? "none" : $"{Plain(pair)}"))));
        }

        public async Task<string> RangeAsync(string prefix)
        {
            var range = await _store.RangeAsync(prefix);
            return Text((range.Status, range.Revision - _start, string.Join(' ', range.Pairs.Select(Plain))));
        }

        public async Task<string> GrantAsync()
        {
            var answer = await _store.GrantAsync(Ttl);
            _leases.Add(answer.Lease);
            return Text((answer.Status, answer.Ttl));
        }

        public async Task<string> KeepAliveAsync(int lease)
        {
            var answer = await _store.KeepAliveAsync(Lease(lease));
            return Text((answer.Status, answer.Ttl));
        }

        public async Task<string> RevokeAsync(int lease)
        {
            var answer = await _store.RevokeAsync(Lease(lease));
            Last = (await _store.RangeAsync("none/")).Revision - _start;
            return Text((answer.Status, answer.Ttl, Last));
        }

        public async Task<string> CompactAsync(long revision) =>
            Text((await _store.CompactAsync(Absolute(Math.Max(1, revision)))).Status);

        /// <summary>All changes from a revision to the newest, or that they are gone.</summary>
        public Task<string> HistoryAsync(long from) => ReadAsync("", from);

        /// <summary>All that a watcher of a prefix from the start on has been told.</summary>
        public Task<string> WatchedAsync(string prefix) => ReadAsync(prefix, 1);

        private async Task<string> ReadAsync(string prefix, long from)
        {
            // Nothing follows the last change under a prefix, so one more is made that is not compared.
            var end = $"{prefix}zz-end";
            await CommitAsync(new Txn { Then = [new StoreOp.Put(end, "")] });
            var seen = new List<string>();
            await foreach (var batch in _store.WatchAsync(prefix, Absolute(Math.Max(1, from))))
            {
                if (batch.Compacted) return "compacted";
                var changes = batch.Changes.Select(change => $"{(change.Deleted ? "-" : "+")}{Plain(change.Pair)}");
                seen.Add($"{batch.Revision - _start}: {string.Join(' ', changes)}");
                if (batch.Revision - _start == Last) break;
            }
            return string.Join('\n', seen);
        }

        private string Plain(KeyValue pair)
        {
            var lease = pair.Lease == 0 ? 0 : 1 + _leases.IndexOf(pair.Lease);
            var created = pair.CreateRevision == 0 ? 0 : pair.CreateRevision - _start;
            return $"{pair with { CreateRevision = created, ModRevision = pair.ModRevision - _start, Lease = lease }}";
        }

        private static string Text<T>(T answer) => $"{answer}";
    }
}
