using System.Text.Json;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class StoreEngineTests(ITestOutputHelper output)
{
    private const int History = 60;
    private static readonly string[] Prefixes = ["", "a", "a/", "b", "b/1", "none"];

    [Fact]
    public void It_answers_as_the_naive_store_does_whatever_is_asked()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            output.WriteLine($"seed {seed}");
            Compare(new Rng(seed), 300);
        }
    }

    [Fact]
    public void A_hundred_thousand_keys_are_written_and_scanned_in_no_time()
    {
        var engine = new StoreEngine();
        for (var i = 0; i < 100_000; i++) engine.Apply(Put($"node/{i % 5_000:0000}/{i:000000}", "v"));
        Assert.Equal(20, engine.Range("node/0042/").Pairs.Count);
        Assert.Equal(100_000, engine.Range("").Pairs.Count);
        Assert.Equal(StoreEngine.DefaultHistory, engine.State.History.Count);
        Assert.Equal(100_001, engine.State.Revision);
    }

    [Fact]
    public void A_state_stays_as_it_was_whatever_comes_after()
    {
        var engine = new StoreEngine();
        engine.Apply(Put("a", "1"));
        var before = engine.State;
        engine.Apply(Put("a", "2"));
        Assert.Equal("1", before.Find("a")!.Value);
        engine.Restore(before);
        Assert.Equal("1", engine.Range("a").Pairs[0].Value);
        Assert.Equal(before.Revision + 1, engine.Apply(Put("b", "1")).Answer.Revision);
    }

    [Fact]
    public void A_renewal_that_waited_does_not_shorten_a_lease()
    {
        var engine = new StoreEngine();
        var lease = engine.Grant(TimeSpan.FromSeconds(10), Instant.Zero).Lease;
        engine.KeepAlive(lease, Instant.Zero + TimeSpan.FromSeconds(5));
        engine.KeepAlive(lease, Instant.Zero + TimeSpan.FromSeconds(2));
        Assert.Equal(Instant.Zero + TimeSpan.FromSeconds(15), engine.State.NextDeadline);
    }

    private static void Compare(Rng rng, int operations)
    {
        var (engine, naive) = (new StoreEngine(history: History), new NaiveStore(History));
        var (now, leases) = (Instant.Zero, 0);
        for (var i = 0; i < operations; i++)
        {
            var lease = rng.Next(leases + 2);
            switch (rng.Next(12))
            {
                case 0:
                    var ttl = TimeSpan.FromSeconds(1 + rng.Next(20));
                    Same(naive.Grant(ttl, now), engine.Grant(ttl, now));
                    leases++;
                    break;
                case 1: Same(naive.KeepAlive(lease, now), engine.KeepAlive(lease, now)); break;
                case 2: Same(naive.Revoke(lease), engine.Revoke(lease).Answer); break;
                case 3 when rng.Chance(0.5): now += TimeSpan.FromSeconds(rng.Next(8)); break;
                case 3:
                    Same(naive.Expire(now), engine.Expire(now));
                    break;
                case 4 when rng.Chance(0.2):
                    var revision = engine.State.Revision + 2 - rng.Next(20);
                    Same(naive.Compact(revision), engine.Compact(revision) with { Error = "" });
                    break;
                default:
                    var txn = Transaction(rng, leases, engine.State.Revision);
                    var (answer, batch) = engine.Apply(txn);
                    var before = naive.Range("").Revision;
                    Same(naive.Apply(txn), answer with { Error = "" });
                    Same(naive.History("", before + 1).LastOrDefault(), batch);
                    break;
            }
            var prefix = Prefixes[rng.Next(Prefixes.Length)];
            var from = engine.State.Revision + 2 - rng.Next(80);
            Same(naive.Range(prefix), engine.Range(prefix));
            Same(naive.History(prefix, from), engine.History(prefix, from));
        }
    }

    private static Txn Transaction(Rng rng, int leases, long revision) => new()
    {
        Compares = [.. Some(rng, 3, () => new Compare(Key(rng), (CompareTarget)rng.Next(4), (CompareResult)rng.Next(4),
            rng.Chance(0.5) ? rng.Next(4) : Math.Max(0, revision - rng.Next(10)), $"{rng.Next(3)}"))],
        Then = [.. Some(rng, 4, () => Operation(rng, leases))],
        Else = [.. Some(rng, 3, () => Operation(rng, leases))],
    };

    private static StoreOp Operation(Rng rng, int leases) => rng.Next(10) switch
    {
        < 6 => new StoreOp.Put(Key(rng), $"{rng.Next(3)}", rng.Chance(0.5) ? 0 : rng.Next(leases + 1)),
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

    private static Txn Put(string key, string value) => new() { Then = [new StoreOp.Put(key, value)] };

    private static void Same<T>(T expected, T actual) =>
        Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(actual));
}
