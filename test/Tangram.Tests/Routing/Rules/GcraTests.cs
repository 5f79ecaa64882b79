using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

public sealed class GcraTests
{
    [Fact]
    public void Lets_a_burst_through_and_then_one_in_each_interval()
    {
        var (at, passed) = (0L, new List<long>());
        for (var now = 0L; now <= 50; now++)
            for (var ask = 0; ask < 5; ask++)
            {
                var verdict = Gcra.Decide(at, now, 10, 3);
                at = verdict.Next;
                if (verdict.Allowed) passed.Add(now);
            }
        Assert.Equal([0, 0, 0, 10, 20, 30, 40, 50], passed);
    }

    [Fact]
    public void Says_when_to_come_again_and_that_is_true()
    {
        var refused = Gcra.Decide(onSchedule: 40, now: 5, interval: 10, burst: 3);
        Assert.Equal((false, 15, 35), (refused.Allowed, refused.RetryAfter, refused.Full));
        Assert.False(Gcra.Decide(40, 19, 10, 3).Allowed);
        Assert.True(Gcra.Decide(40, 20, 10, 3).Allowed);
    }

    /// <summary>A dumb second implementation: a bucket of <c>burst</c> requests that gets one back in each
    /// interval.</summary>
    [Fact]
    public void Agrees_with_a_bucket()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var rng = new Rng(seed);
            var (interval, burst) = (1 + rng.Next(20), 1 + rng.Next(10));
            long at = 0, now = 0, last = 0;
            var parts = (long)burst * interval;
            for (var ask = 0; ask < 500; ask++)
            {
                now += rng.Next(interval * 2);
                parts = Math.Min((long)burst * interval, parts + now - last);
                last = now;
                var passes = parts >= interval;
                if (passes) parts -= interval;
                var verdict = Gcra.Decide(at, now, interval, burst);
                at = verdict.Next;
                Assert.True(passes == verdict.Allowed, $"seed {seed}, request {ask}");
                Assert.True(parts / interval == verdict.Remaining, $"seed {seed}, request {ask}: {verdict}");
            }
        }
    }
}
