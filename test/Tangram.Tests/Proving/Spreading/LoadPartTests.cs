using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Spreading;

public sealed class LoadPartTests(ITestOutputHelper output)
{
    private static readonly Uri Url = new("http://10.0.0.1/");

    private static LoadOptions At(double rate, double seconds) =>
        new() { Url = Url, Rate = rate, Duration = TimeSpan.FromSeconds(seconds) };

    /// <summary>As the engines walk a schedule.</summary>
    private static IEnumerable<(long Index, int Class, TimeSpan At)> Asked(LoadOptions options)
    {
        var schedule = new LoadSchedule(options);
        for (var i = 0L; i < schedule.Count; i++)
        {
            var @class = schedule.NextClass(i);
            if (options.Part.Has(i)) yield return (i, @class, schedule.At(i));
        }
    }

    private static LoadOptions Random(Rng rng)
    {
        var whole = At(1 + rng.NextDouble() * 500, 0.1 + rng.NextDouble() * 5);
        if (rng.Chance(0.5))
            whole = whole with
            {
                Mix = [new("GET", "GET", Url, null, 1 + rng.Next(5)), new("POST", "POST", Url, "{}", 1 + rng.Next(5))],
            };
        if (rng.Chance(0.3)) return whole;
        var profile = new LoadProfile.Open(rng.Chance(0.5) ? rng.NextUInt64() : null)
        {
            Stages = [new(rng.Next(100), 1 + rng.Next(400), TimeSpan.FromSeconds(1)), new(50, 50, whole.Duration)],
        };
        return whole with { Profile = profile, Duration = profile.Lasts };
    }

    [Fact]
    public void All_parts_together_ask_what_one_machine_would_at_the_same_times()
    {
        const ulong seed = 41;
        output.WriteLine($"seed {seed}");
        var rng = new Rng(seed);
        for (var turn = 0; turn < 200; turn++)
        {
            var (whole, machines) = (Random(rng), 1 + rng.Next(9));
            var parts = LoadPart.Split(machines).Select(part => part.OfWhole(whole)).ToList();
            var asked = parts.SelectMany(Asked).OrderBy(one => one.Index).ToList();
            Assert.Equal(Asked(whole), asked);
            Assert.Equal(new LoadSchedule(whole).Count, parts.Sum(part => new LoadSchedule(part).Own));
            Assert.All(parts, part => Assert.Equal(Asked(part).Count(), new LoadSchedule(part).Own));
        }
    }

    [Fact]
    public void Users_are_dealt_out_so_that_none_is_missing_and_the_first_ones_have_the_rest()
    {
        const ulong seed = 42;
        output.WriteLine($"seed {seed}");
        var rng = new Rng(seed);
        for (var turn = 0; turn < 500; turn++)
        {
            var machines = 1 + rng.Next(40);
            var users = machines + rng.Next(10_000);
            var dealt = LoadPart.Split(machines)
                .Select(part => part.OfWhole(At(1, 1) with { Users = users }).Users!.Value).ToList();
            Assert.Equal(users, dealt.Sum());
            Assert.InRange(dealt[0] - dealt[^1], 0, 1);
            Assert.Equal(dealt.OrderDescending(), dealt);
        }
    }

    [Fact]
    public void Ids_of_users_requests_are_told_apart_on_all_machines()
    {
        var parts = LoadPart.Split(3).ToList();
        Assert.Equal(Enumerable.Range(0, 30).Select(i => (long)i),
            parts.SelectMany(part => Enumerable.Range(0, 10).Select(own => part.Index(own))).Order());
    }

    [Theory]
    [InlineData("http://10.0.0.1/", 100, 2, 3, "2 users cannot be spread over 3 machines")]
    [InlineData("http://10.0.0.1/", 2, null, 3, "2 requests cannot be spread over 3 machines")]
    [InlineData("http://10.0.0.1/", 200_001, null, 2, "the rate is more than 0 and at most 100000 a second for each")]
    [InlineData("http://10.0.0.1/", 100, null, 101, "a load is made by 1 to 100 machines")]
    [InlineData("ws://10.0.0.1/", 100, null, 2, "messages are said by one machine")]
    [InlineData("https://10.0.0.1/", 100, 4, 2, "users are of plain HTTP/1.1 only")]
    public void What_several_machines_cannot_make_is_refused(
        string url, double rate, int? users, int machines, string because) => Assert.StartsWith(because,
        LoadPart.Problems(At(rate, 1) with { Url = new Uri(url), Users = users }, machines).First());

    [Fact]
    public void Several_machines_may_make_more_than_one_may()
    {
        var whole = At(150_000, 1);
        Assert.NotEmpty(whole.Problems());
        Assert.Empty(LoadPart.Problems(whole, 2));
        Assert.Equal(4, LoadEngines.Threads(new LoadPart(0, 2).OfWhole(whole), 64, 20_000));
    }

    [Fact]
    public void Between_two_starts_lies_at_most_what_was_measured_at_one_clock()
    {
        LoadStart[] starts = [Start(0, 1, 5), Start(1, 3, 9), Start(2, 1, 4)];
        Assert.Equal(TimeSpan.FromMilliseconds(9 - 1), LoadStart.Spread(starts));
        Assert.Equal(TimeSpan.Zero, LoadStart.Spread(starts[..1]));

        static LoadStart Start(int go, int after, int heard) => new(TimeSpan.FromMilliseconds(go),
            TimeSpan.FromMilliseconds(after), TimeSpan.FromMilliseconds(heard));
    }

    [Fact]
    public void How_far_all_are_is_the_sum_and_the_slowest_of_them()
    {
        var all = LoadProgress.Together(
            [Told(10, 1, 7, 2, 30) with { Steps = [new("GET", 1, TimeSpan.FromMilliseconds(5))] },
                Told(20, 2, 16, 2, 20) with { Steps = [new("GET", 2, TimeSpan.FromMilliseconds(9))] }], 99);
        Assert.Equal((99, 30, 3, 23, 4, TimeSpan.FromMilliseconds(30)),
            (all.Planned, all.Sent, all.InFlight, all.Ok, all.Bad, all.P99));
        Assert.Equal([new("GET", 3, TimeSpan.FromMilliseconds(9))], all.Steps);

        static LoadProgress Told(long sent, int inFlight, long ok, long bad, int p99) =>
            new(TimeSpan.FromSeconds(1), 50, sent, inFlight, ok, bad, TimeSpan.FromMilliseconds(p99));
    }
}
