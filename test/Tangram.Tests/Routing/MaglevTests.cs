using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class MaglevTests
{
    /// <summary>The paper's figures: a table of 65,537 with a hundred slots or more for each backend.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(655)]
    public void Every_backend_has_its_share_within_two_percent(int backends)
    {
        var slots = Slots(Table(backends));
        var mean = Maglev.Size / (double)backends;
        Assert.All(slots.Values, count => Assert.InRange(count / mean, 0.98, 1.02));
        Assert.Equal(backends, slots.Count);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public void When_one_leaves_few_keys_of_the_others_move(int backends)
    {
        var before = Names(backends);
        var gone = before[3].Replica;
        var after = before.Where(b => b.Replica != gone).ToArray();
        var (full, without) = (Maglev.Of(before, null), Maglev.Of(after, null));
        var moved = Enumerable.Range(0, Maglev.Size).Count(slot =>
            before[full[(ulong)slot]].Replica != gone
            && before[full[(ulong)slot]].Replica != after[without[(ulong)slot]].Replica);
        Assert.InRange(moved / (double)Maglev.Size, 0, 0.05);
    }

    [Fact]
    public void Twice_the_weight_has_twice_the_keys()
    {
        var backends = Names(10);
        backends[2] = backends[2] with { Weight = 2 };
        backends[3] = backends[3] with { Weight = 0.5 };
        var slots = Slots(Maglev.Of(backends, null));
        Assert.Equal(2, slots[2] / (double)slots[0], 0.05);
        Assert.Equal(0.5, slots[3] / (double)slots[0], 0.05);
    }

    [Fact]
    public void It_is_made_anew_only_when_the_backends_are_others()
    {
        var table = Maglev.Of(Names(5), null);
        Assert.Same(table, Maglev.Of(Names(5), table));
        Assert.NotSame(table, Maglev.Of(Names(6), table));
    }

    [Fact]
    public void A_key_goes_to_one_backend_in_every_gateway()
    {
        var (one, other) = (Hashed(6), Hashed(6));
        for (var user = 0; user < 200; user++)
            Assert.Equal(Pick(one, $"user-{user}")!.Replica, Pick(other, $"user-{user}")!.Replica);
    }

    [Fact]
    public void Of_an_ejected_backend_only_its_own_keys_move()
    {
        var service = Hashed(6);
        var before = Enumerable.Range(0, 500).Select(user => Pick(service, $"user-{user}")!).ToArray();
        service.Backends[1].Counters.Eject(Routed.Start);
        for (var user = 0; user < 500; user++)
            if (before[user] != service.Backends[1]) Assert.Same(before[user], Pick(service, $"user-{user}"));
            else Assert.NotSame(before[user], Pick(service, $"user-{user}"));
    }

    [Fact]
    public void One_hot_key_fills_its_backend_to_the_bound_and_then_others()
    {
        var service = Hashed(4);
        for (var i = 0; i < 100; i++)
        {
            service.Counters.Enter();
            Pick(service, "everybody")!.Counters.Enter();
        }
        Assert.All(service.Backends, b => Assert.InRange(b.Counters.InFlight, 1, 32));
    }

    private static Backend? Pick(RoutedService service, string key)
    {
        var tried = new Tried();
        return Balancer.Pick(service, in tried, 1, Routed.Start, new Affinity(KeyHash.Of(key), default));
    }

    private static RoutedService Hashed(int count) => Routed.Service(count, BalancePolicy.Hash);

    private static Backend[] Names(int count) => [.. Routed.Service(count).Backends];

    private static Maglev Table(int count) => Maglev.Of(Names(count), null);

    private static Dictionary<int, int> Slots(Maglev table) => Enumerable.Range(0, Maglev.Size)
        .GroupBy(slot => table[(ulong)slot]).ToDictionary(g => g.Key, g => g.Count());
}
