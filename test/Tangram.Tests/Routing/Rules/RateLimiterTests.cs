using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

public sealed class RateLimiterTests
{
    private static readonly KeySpec ByClient = new(KeySource.Client, null);
    private static readonly Instant Start = new(TimeSpan.FromDays(300).Ticks);

    private static RateLimiter Limiter(int requests, double seconds, int burst, int most = 1 << 16) =>
        new(new RateLimitSpec(requests, TimeSpan.FromSeconds(seconds), burst, ByClient), most);

    [Theory]
    [InlineData(3, 1, 3)]
    [InlineData(100, 60, 10)]
    [InlineData(1, 3600, 1)]
    [InlineData(10_000, 1, 1000)]
    [InlineData(7, 0.3, 2)]
    public void In_any_time_a_key_gets_its_burst_and_its_rate(int requests, double seconds, int burst)
    {
        var limiter = Limiter(requests, seconds, burst);
        var step = TimeSpan.FromSeconds(seconds / requests / 7);
        var passed = 0;
        const int steps = 700;
        for (var i = 0; i < steps; i++)
            for (var ask = 0; ask < 3; ask++)
                if (limiter.Take(42, Start + step * i).Allowed) passed++;
        Assert.InRange(passed, burst + steps / 7 - 2, burst + steps / 7 + 1);
    }

    [Fact]
    public void Says_how_many_are_left_and_when_to_come_again()
    {
        var limiter = Limiter(2, 1, 2);
        Assert.Equal(1, limiter.Take(1, Start).Remaining);
        Assert.Equal(0, limiter.Take(1, Start).Remaining);
        var refused = limiter.Take(1, Start);
        Assert.False(refused.Allowed);
        Assert.InRange(refused.RetryAfter.TotalSeconds, 0.499, 0.501);
        Assert.InRange(refused.Full.TotalSeconds, 0.999, 1.001);
        Assert.True(limiter.Take(1, Start + refused.RetryAfter).Allowed);
        Assert.True(limiter.Take(2, Start).Allowed);
    }

    /// <summary>After 8.9 years.</summary>
    [Fact]
    public void Goes_on_when_its_time_begins_anew()
    {
        var limiter = Limiter(1, 1, 1);
        var end = Instant.Zero + TimeSpan.FromMicroseconds(Math.Pow(2, 48));
        Assert.True(limiter.Take(1, end - TimeSpan.FromSeconds(2)).Allowed);
        Assert.False(limiter.Take(1, end - TimeSpan.FromSeconds(1.5)).Allowed);
        Assert.True(limiter.Take(1, end + TimeSpan.FromSeconds(1)).Allowed);
        Assert.False(limiter.Take(1, end + TimeSpan.FromSeconds(1.5)).Allowed);
    }

    [Fact]
    public void A_thread_that_read_the_clock_earlier_is_not_let_through()
    {
        var limiter = Limiter(10, 1, 1);
        Assert.True(limiter.Take(1, Start + TimeSpan.FromSeconds(1)).Allowed);
        Assert.False(limiter.Take(1, Start).Allowed);
    }

    [Fact]
    public void Threads_together_get_no_more_than_one_alone()
    {
        var limiter = Limiter(1000, 1, 100);
        var passed = 0;
        Parallel.For(0, 100_000, i =>
        {
            if (limiter.Take(7, Start + TimeSpan.FromTicks(i)).Allowed) Interlocked.Increment(ref passed);
        });
        // 100,000 ticks are 10 ms, in which 10 more may pass.
        Assert.InRange(passed, 100, 110);
    }

    /// <summary>Every key that is seen is new. Whoever has to give way to others gets a little more, nobody
    /// less.</summary>
    [Fact]
    public void Keys_without_number_take_no_more_memory_and_are_not_refused()
    {
        var limiter = Limiter(1, 1, 1, most: 1024);
        var rng = new Rng(11);
        limiter.Take(0, Start);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = 0;
        for (var i = 0; i < 100_000; i++)
            if (!limiter.Take(rng.NextUInt64(), Start + TimeSpan.FromMilliseconds(i)).Allowed) refused++;
        // The runtime itself may allocate a little while it compiles the loop better.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000 / 4);
        // With all eight places of a key taken, one new key of 8,192 agrees with one of them in its 16 bits.
        Assert.InRange(refused, 0, 40);
    }

    [Fact]
    public void Few_busy_keys_keep_their_counters_among_many_others()
    {
        var limiter = Limiter(10, 1, 10);
        var rng = new Rng(12);
        var passed = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var now = Start + TimeSpan.FromMilliseconds(i);
            limiter.Take(rng.NextUInt64(), now);
            if (limiter.Take(RequestKey.Of("busy", 1), now).Allowed) passed++;
        }
        Assert.InRange(passed, 108, 112);
    }
}
