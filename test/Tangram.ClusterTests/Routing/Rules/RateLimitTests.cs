using System.Globalization;
using System.Net;

namespace Tangram.ClusterTests.Routing.Rules;

public sealed class RateLimitTests
{
    private const string Limited = """
        web: { command: x, x-tangram: { probe: tcp, route:
          [ { path: /, rate_limit: { requests: 20, per: 1s, burst: 10, by: { header: X-Key } } },
            { path: /slow, rate_limit: { requests: 1, per: 1h, by: route } } ] } }
        """;

    [Fact]
    public async Task Too_many_requests_are_answered_429_with_the_time_to_come_again()
    {
        await using var bed = await RuleBed.StartAsync(Limited);
        using (var first = await bed.SendAsync("/slow"))
        {
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
            Assert.Equal(("1", "0"), (Header(first, "RateLimit-Limit"), Header(first, "RateLimit-Remaining")));
        }
        using var second = await bed.SendAsync("/slow");
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal("rate-limit", Header(second, "Tangram-Error"));
        Assert.InRange(int.Parse(Header(second, "Retry-After"), CultureInfo.InvariantCulture), 3500, 3600);
        Assert.Equal("0", Header(second, "RateLimit-Remaining"));
        Assert.InRange(int.Parse(Header(second, "RateLimit-Reset"), CultureInfo.InvariantCulture), 3500, 3600);
        Assert.Single(bed.Backends["web"].Asked);
    }

    /// <summary>Sixteen at once, each as fast as it can, for about two seconds.</summary>
    [Fact]
    public async Task Holds_under_parallel_load_for_each_key_alone()
    {
        await using var bed = await RuleBed.StartAsync(Limited);
        using (var warm = await bed.SendAsync("/", headers: ("X-Key", "warm"))) warm.EnsureSuccessStatusCode();
        var began = TimeProvider.System.GetTimestamp();
        var (passed, refused) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(2))
            {
                using var response = await bed.SendAsync("/", headers: ("X-Key", "one"));
                if (response.StatusCode == HttpStatusCode.OK) Interlocked.Increment(ref passed);
                else if (response.StatusCode == HttpStatusCode.TooManyRequests) Interlocked.Increment(ref refused);
            }
        }));
        var most = 10 + 20 * TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        Assert.InRange(passed, 10 + 20, (int)most + 1);
        Assert.True(refused > passed, $"{refused} were refused, {passed} passed: too little load");
        using var other = await bed.SendAsync("/", headers: ("X-Key", "two"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal(passed + 2, bed.Backends["web"].Asked.Count);
    }

    [Fact]
    public async Task Goes_on_counting_when_routes_are_published_anew()
    {
        await using var bed = await RuleBed.StartAsync(Limited);
        using (var first = await bed.SendAsync("/slow")) first.EnsureSuccessStatusCode();
        bed.Gateway.Publish(bed.Spec with { Name = "again" },
            (Tangram.Model.ServiceName.Of("web"), bed.Backends["web"].Port, 1));
        using var second = await bed.SendAsync("/slow");
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
    }

    private static string Header(HttpResponseMessage response, string name) =>
        Assert.Single(response.Headers.GetValues(name));
}
