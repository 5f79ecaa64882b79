using System.Diagnostics;
using System.Net;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

public sealed class HedgeTests
{
    private static readonly TimeSpan After = TimeSpan.FromMilliseconds(30);

    [Fact]
    public async Task What_one_backend_does_not_answer_another_does()
    {
        await using var hanging = new RawBackend("hanging", (_, _) => Act.Hold);
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await StartAsync(hanging.Port, good.Port);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 30; i++) Assert.Equal((HttpStatusCode.OK, "good"), await bed.GetAsync());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        var figures = Counters(bed).Figures;
        Assert.InRange(figures.HedgesWon.Value, 1, hanging.Requests);
        Assert.Equal(0, figures.Retries.Value);
        await IdleAsync(bed);
    }

    /// <summary>One answer in 25 takes 60 ms; the chance that both of two do is one in 625.</summary>
    [Fact]
    public async Task The_slow_tail_is_gone()
    {
        var random = new Random(11);
        Act Some()
        {
            lock (random) return random.Next(25) == 0 ? Act.Late : Act.Answer;
        }
        await using var one = new RawBackend("one", (_, _) => Some());
        await using var two = new RawBackend("two", (_, _) => Some());
        await using var alone = await GatewayBed.StartAsync(one.Port, two.Port);
        await using var hedged = await StartAsync(TimeSpan.FromMilliseconds(15), one.Port, two.Port);
        const int All = 1000;
        var (before, after) = (0, 0);
        for (var i = 0; i < All; i++)
        {
            if (await LateAsync(alone)) before++;
            if (await LateAsync(hedged)) after++;
        }
        var twice = Counters(hedged).Figures.Hedges.Value;
        Figures.Note($"{nameof(HedgeTests)}: later than 55 ms: {before} of {All} without hedging, {after} with " +
            $"it, of which {twice} were sent twice");
        Assert.InRange(before, 20, All);
        Assert.InRange(after, 0, before / 3);

        static async Task<bool> LateAsync(GatewayBed bed)
        {
            var clock = Stopwatch.StartNew();
            Assert.Equal(HttpStatusCode.OK, (await bed.GetAsync()).Status);
            return clock.ElapsedMilliseconds > 55;
        }
    }

    [Fact]
    public async Task Only_what_is_safe_to_repeat_and_has_no_body_is_sent_twice()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Hold);
        await using var two = new RawBackend("two", (_, _) => Act.Hold);
        await using var bed = await StartAsync(one.Port, two.Port);
        var post = bed.PostAsync(null);
        await Until.PassedAsync(10 * After);
        Assert.Equal(1, one.Requests + two.Requests);
        var get = bed.GetAsync();
        await GatewayBed.UntilAsync(() => one.Requests + two.Requests == 3);
        await Until.PassedAsync(3 * After);
        Assert.Equal(3, one.Requests + two.Requests);
        one.Release();
        two.Release();
        Assert.Equal(HttpStatusCode.OK, await post);
        Assert.Equal(HttpStatusCode.OK, (await get).Status);
        await IdleAsync(bed);
    }

    [Theory]
    [InlineData("LateFail500", "Late", HttpStatusCode.OK)]
    [InlineData("LateFail500", "LateFail500", HttpStatusCode.InternalServerError)]
    [InlineData("Hold", "Close", HttpStatusCode.OK)]
    [InlineData("Hold", "Reset", HttpStatusCode.OK)]
    [InlineData("Hold", "Fail500", HttpStatusCode.OK)]
    public async Task An_error_waits_for_what_the_other_has_to_say(string one, string two, HttpStatusCode expected)
    {
        await using var first = new RawBackend("first", (_, _) => Enum.Parse<Act>(one));
        await using var second = new RawBackend("second", (_, _) => Enum.Parse<Act>(two));
        await using var bed = await StartAsync(first.Port, second.Port);
        for (var i = 0; i < 10; i++)
        {
            var got = bed.GetAsync();
            await GatewayBed.UntilAsync(() => got.IsCompleted || first.Requests + second.Requests > 2 * i + 1);
            first.Release();
            Assert.Equal(expected, (await got.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System)).Status);
        }
        await IdleAsync(bed);
    }

    [Fact]
    public async Task A_service_that_is_slow_as_a_whole_does_not_get_twice_its_load()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Hold);
        await using var two = new RawBackend("two", (_, _) => Act.Hold);
        await using var bed = await StartAsync(one.Port, two.Port);
        var gets = Enumerable.Range(0, 60).Select(_ => bed.GetAsync()).ToArray();
        await GatewayBed.UntilAsync(() => one.Requests + two.Requests >= 60 + ServiceCounters.LeastRetries);
        await Until.PassedAsync(10 * After);
        Assert.Equal(60 + ServiceCounters.LeastRetries, one.Requests + two.Requests);
        one.Release();
        two.Release();
        Assert.All(await Task.WhenAll(gets), got => Assert.Equal(HttpStatusCode.OK, got.Status));
        await IdleAsync(bed);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_both()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Hold);
        await using var two = new RawBackend("two", (_, _) => Act.Hold);
        await using var bed = await StartAsync(one.Port, two.Port);
        using var leaves = new CancellationTokenSource();
        var get = bed.Client.GetAsync(bed.Url, leaves.Token);
        await GatewayBed.UntilAsync(() => one.Requests + two.Requests == 2);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => get);
        await IdleAsync(bed);
    }

    /// <summary>Answers, errors and ends that come at about the moment of the second attempt, in every order.</summary>
    [Fact]
    public async Task Whatever_comes_at_whatever_moment_each_request_gets_one_answer_and_nothing_is_left()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        Act[] acts = [Act.Answer, Act.Late, Act.LateFail500, Act.Fail500, Act.Close, Act.Reset, Act.Late, Act.Late];
        Act Any() { lock (random) return acts[random.Next(acts.Length)]; }
        await using var one = new RawBackend("one", (_, _) => Any());
        await using var two = new RawBackend("two", (_, _) => Any());
        await using var three = new RawBackend("three", (_, _) => Act.Late);
        await using var bed = await StartAsync(TimeSpan.FromMilliseconds(59), one.Port, two.Port, three.Port);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            for (var i = 0; i < 50; i++)
            {
                var (status, text) = await bed.GetAsync().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
                if (status == HttpStatusCode.OK) Assert.Contains(text, new[] { "one", "two", "three" });
            }
        }));
        Assert.True(Counters(bed).Figures.Hedges.Value > 0);
        await IdleAsync(bed);
    }

    private static Task<GatewayBed> StartAsync(params int[] backends) => StartAsync(After, backends);

    private static async Task<GatewayBed> StartAsync(TimeSpan after, params int[] backends)
    {
        var bed = await GatewayBed.StartAsync();
        bed.Spec = bed.Spec with { Traffic = new TrafficSpec { Hedge = new HedgeSpec(after) } };
        bed.Route(backends);
        return bed;
    }

    private static ServiceCounters Counters(GatewayBed bed) =>
        bed.Gateway.Table.Find(GatewayBed.Order)!.Counters;

    /// <summary>Nothing is counted in anywhere.</summary>
    private static Task IdleAsync(GatewayBed bed)
    {
        var service = bed.Gateway.Table.Find(GatewayBed.Order)!;
        return GatewayBed.UntilAsync(() => service.Counters is { Active: 0, Retries: 0 }
            && service.Backends.All(b => b.Counters.InFlight == 0));
    }
}
