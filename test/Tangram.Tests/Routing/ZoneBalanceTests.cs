using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>Zones in windows of half a second, each of which shows what the test says.</summary>
public sealed class ZoneBalanceTests
{
    private static readonly ZoneName A = ZoneName.Of("a"), B = ZoneName.Of("b");

    private readonly List<string> _news = [];
    private RoutedService _service = Service("aabbcc");
    private double _at = 1;

    private ZoneMemory Memory => _service.Counters.Zones;

    private double Kept(char zone) => Memory.All.Single(z => z.Zone.Value == $"{zone}").Kept;

    [Fact]
    public void Where_zones_are_unknown_or_one_or_a_key_decides_they_make_no_difference()
    {
        Assert.Null(Service("aaaa").Zones);
        Assert.Null(Service("aa??").Zones);
        Assert.Null(Service("aabb", BalancePolicy.First).Zones);
        Assert.Null(Service("aabb", traffic: new TrafficSpec { ZoneBlind = true }).Zones);
        Assert.NotNull(Service("aabb").Zones);
        // A gateway that stands nowhere: as if there were none.
        Windows(20, null, 0.05, 0.05, 0.05);
        Assert.Null(Memory.Home);
        Assert.Equal([1, 2, 3, 4, 5, 6], Picked().Keys.Order());
    }

    [Fact]
    public void The_own_zone_gets_a_tenth_more_each_second_while_it_is_as_quick_as_the_others()
    {
        Windows(1, A, 0.05, 0.05, 0.05);
        Assert.Equal(1 / 3.0 + 0.05, Share('a'), 0.04);
        Windows(4, A, 0.05, 0.05, 0.05);
        Assert.Equal(1 / 3.0 + 0.25, Share('a'), 0.04);
        Windows(30, A, 0.05, 0.05, 0.05);
        Assert.InRange(Share('a'), 0.98, 0.9999);
        Windows(1, A, 0.2, 0.05, 0.05);
        // A third of what it has beyond its share.
        Assert.Equal(0.99 - 0.3 * (0.99 - 1 / 3.0), Share('a'), 0.03);
        Assert.Matches("^its answers take [0-9]+ ms there, and 50 ms elsewhere$", Memory.HomeBecause);
        Windows(60, A, 0.2, 0.05, 0.05);
        Assert.Equal(1 / 3.0, Share('a'), 0.04);
    }

    [Fact]
    public void Where_the_own_zone_has_few_backends_none_of_them_becomes_a_hot_spot()
    {
        _service = Service("abbbcccccc");
        Windows(60, A, 0.05, 0.05, 0.05);
        // One of ten in three zones: three tenths of the requests, and no more.
        Assert.Equal(0.3, Share('a'), 0.03);
        Assert.Equal("it has 10 % of the backends", Memory.HomeBecause);
        Assert.Contains("it has 10 % of the backends", string.Concat(ZoneWords.Of(_service)));
    }

    [Fact]
    public void When_the_own_zone_takes_no_connections_the_others_get_everything_at_once()
    {
        Windows(30, A, 0.05, 0.05, 0.05);
        _service.Backends[0].Counters.Eject(At());
        _service.Backends[1].Counters.Eject(At());
        Assert.Equal([3, 4, 5, 6], Picked().Keys.Order());
        Windows(1, A, 0.05, 0.05, 0.05);
        Assert.Null(Memory.Home);
    }

    [Fact]
    public void A_zone_is_degraded_after_two_slow_windows_and_loses_a_tenth_each_second()
    {
        Windows(1, null, 0.6, 0.05, 0.05);
        Windows(1, null, 0.05, 0.05, 0.05);
        Windows(1, null, 0.6, 0.05, 0.05);
        Assert.False(Memory.AnyDegraded);
        Windows(1, null, 0.6, 0.05, 0.05);
        Assert.Equal(0.95, Kept('a'), 0.001);
        Assert.Equal("zone a is slow: its answers take 600 ms, and 500 ms is the limit; its requests go to other " +
            "zones, as far as these have room", Assert.Single(_news));
        Windows(10, null, 0.6, 0.05, 0.05);
        Assert.Equal(0.45, Kept('a'), 0.001);
        Assert.Equal(0.45 / (0.45 + 2 + 0.55), Share('a'), 0.04);
        Windows(60, null, 0.6, 0.05, 0.05);
        Assert.Equal(0.01, Kept('a'), 0.0001);
        Assert.InRange(Share('a'), 0.005, 0.02);
        Assert.Equal("The gateway here lets zone a keep 1 % of its requests: its answers take 600 ms, and 500 ms is " +
            "the limit.", Assert.Single(ZoneWords.Of(_service)));
    }

    [Fact]
    public void It_is_well_after_six_fine_windows_and_wins_a_tenth_back_each_second()
    {
        Windows(40, null, 0.6, 0.05, 0.05);
        Windows(5, null, 0.3, 0.05, 0.05);
        Windows(1, null, 0.4, 0.05, 0.05);
        Windows(5, null, 0.3, 0.05, 0.05);
        Assert.Equal(0.01, Kept('a'), 0.001);
        Windows(1, null, 0.3, 0.05, 0.05);
        Assert.Contains("zone a is well again", _news[^1]);
        Assert.Equal(0.06, Kept('a'), 0.001);
        Windows(19, null, 0.3, 0.05, 0.05);
        Assert.Equal(1, Kept('a'));
        Assert.False(Memory.AnyDegraded);
    }

    [Fact]
    public void One_that_turns_slow_again_soon_must_be_well_for_twice_as_long()
    {
        Windows(5, null, 0.6, 0.05, 0.05);
        Windows(6, null, 0.1, 0.05, 0.05);
        Windows(2, null, 0.6, 0.05, 0.05);
        Windows(11, null, 0.1, 0.05, 0.05);
        Assert.Equal(3, _news.Count);
        Windows(1, null, 0.1, 0.05, 0.05);
        Assert.Equal(4, _news.Count);
        Windows(200, null, 0.1, 0.05, 0.05);
        Windows(2, null, 0.6, 0.05, 0.05);
        Windows(6, null, 0.1, 0.05, 0.05);
        Assert.Equal(6, _news.Count);
    }

    [Fact]
    public void The_spill_ends_where_the_others_have_no_room_left()
    {
        Windows(2, null, 0.9, 0.425, 0.05);
        // Half of the way from 350 to 500 ms: half of a step.
        Assert.Equal(0.975, Kept('a'), 0.001);
        Windows(10, null, 0.9, 0.499, 0.499);
        Assert.Equal(0.975, Kept('a'), 0.01);
        Windows(1, null, 0.9, 0.7, 0.7);
        Assert.Equal(1, Kept('a'), 0.03);
    }

    [Fact]
    public void Never_are_all_degraded()
    {
        Windows(20, null, 0.9, 0.8, 0.7);
        Assert.Empty(_news);
        Windows(20, null, 0.9, 0.8, 0.1);
        Assert.Equal(2, Memory.All.Count(z => z.Degraded));
        Windows(20, null, 0.9, 0.8, 0.7);
        Assert.Equal(2, Memory.All.Count(z => z.Degraded));
        Assert.Equal([1, 1, 1], Memory.All.Select(z => z.Kept));
    }

    [Fact]
    public void When_the_others_are_gone_a_slow_zone_is_better_than_none()
    {
        Windows(40, null, 0.9, 0.1, 0.1);
        for (var i = 2; i < 6; i++) _service.Backends[i].Counters.Eject(At());
        Assert.Equal([1, 2], Picked().Keys.Order());
        Windows(1, null, 0.9, 0, 0);
        Assert.Equal(1, Kept('a'));
    }

    [Fact]
    public void What_gives_no_answer_at_all_is_slow_before_the_first_comes()
    {
        Windows(2, null, 0.05, 0.05, 0.05);
        for (var window = 0; window < 3; window++)
        {
            foreach (var backend in _service.Backends.Where(b => b.Zone == A))
                for (var i = 0; i < 20; i++) backend.Counters.Begin();
            Windows(1, null, 0, 0.05, 0.05);
        }
        Assert.True(Memory.All[0].Degraded);
        Assert.Equal(1, Memory.All[0].Latency);
    }

    [Fact]
    public void A_pick_allocates_nothing_whatever_the_zones()
    {
        Windows(10, B, 0.9, 0.1, 0.1);
        var rounds = new long[5];
        for (var round = 0; round < rounds.Length; round++)
        {
            var tried = new Tried();
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 5000; i++)
                Balancer.Pick(_service, in tried, KeyHash.Mix((ulong)i), At())!.Counters.Begin();
            rounds[round] = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Contains(0L, rounds);
    }

    [Fact]
    public void What_was_learnt_outlives_a_new_table()
    {
        Windows(20, A, 0.05, 0.9, 0.05);
        var before = Memory.Preference;
        _service = _service with { Backends = [.. _service.Backends.Skip(1)] };
        _service = _service with { Zones = ZoneSides.Of(_service) };
        Assert.Equal(before, Memory.Preference);
        Assert.InRange(Share('b'), 0.001, 0.05);
    }

    private Instant At() => Routed.Start + TimeSpan.FromSeconds(_at);

    private Dictionary<int, int> Picked() => Enumerable.Range(0, 4000).Select(i =>
        {
            var tried = new Tried();
            return Balancer.Pick(_service, in tried, KeyHash.Mix((ulong)i * 0x9E3779B97F4A7C15UL), At())!.Port - 5000;
        }).CountBy(port => port).ToDictionary();

    private double Share(char zone)
    {
        var picked = Picked();
        return _service.Backends.Where(b => b.Zone!.Value.Value == $"{zone}")
            .Sum(b => picked.GetValueOrDefault(b.Port - 5000)) / 4000.0;
    }

    /// <summary>Each zone answers thirty requests in each window, in so many seconds; 0: it answers none.</summary>
    private void Windows(int count, ZoneName? home, params double[] seconds)
    {
        for (var window = 0; window < count; window++)
        {
            for (var zone = 0; zone < 3; zone++)
            {
                var backends = _service.Backends.Where(b => b.Zone!.Value.Value == $"{(char)('a' + zone)}").ToArray();
                for (var i = 0; seconds[zone] > 0 && i < 30; i++)
                {
                    var counters = backends[i % backends.Length].Counters;
                    counters.Begin();
                    var took = TimeSpan.FromSeconds(seconds[zone]);
                    counters.Learn(new Attempt(AttemptOutcome.Answered, 200, took), At());
                }
            }
            _at += 0.5;
            ZoneBalance.Look(_service, home, At(), _news.Add);
        }
    }

    private static RoutedService Service(
        string zones, BalancePolicy policy = BalancePolicy.RoundRobin, TrafficSpec? traffic = null)
    {
        var service = Routed.Service(zones.Length, policy, traffic ?? new TrafficSpec
        {
            Degrade = new DegradeSpec { ZoneLatency = DegradeSpec.UsualLatency },
        });
        service = service with
        {
            Zones = null,
            Backends =
            [
                .. service.Backends.Select((b, i) =>
                    b with { Zone = zones[i] == '?' ? null : ZoneName.Of($"{zones[i]}") }),
            ],
        };
        return service with { Zones = ZoneSides.Of(service) };
    }
}
