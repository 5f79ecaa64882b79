using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Traffic;

/// <summary>As many requests as backends, of which none ends: how many does the fullest backend get? By chance about
/// ln n / ln ln n, with the better of two ln ln n / ln 2 (Azar and others 1994).</summary>
public static class MostLoaded
{
    public static int Random(int count, ulong seed)
    {
        var (rng, got) = (new Rng(seed), new int[count]);
        for (var i = 0; i < count; i++) got[rng.Next(count)]++;
        return got.Max();
    }

    public static int OfTwo(int count, ulong seed)
    {
        var service = TrafficRun.Service(new TrafficScenario
        {
            Backends = count, Policy = BalancePolicy.LeastRequests, Serve = (_, _, _) => default,
        });
        var (rng, tried) = (new Rng(seed), new Tried());
        for (var i = 0; i < count; i++)
            Balancer.Pick(service, in tried, rng.NextUInt64(), Instant.Zero)!.Counters.Enter();
        return service.Backends.Max(b => b.Counters.InFlight);
    }
}
