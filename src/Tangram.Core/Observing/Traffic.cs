using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What several gateways see, as one; and in words.</summary>
public static class Traffic
{
    /// <summary>Counts are added up. Of states the worst is shown, of latencies the highest, since a mean of quantiles
    /// is none, and of shares the mean.</summary>
    public static GatewayTrafficView Together(IReadOnlyList<GatewayTrafficView> gateways) => new(
        string.Join(", ", gateways.Select(g => g.Gateway)), gateways.Select(g => g.At).DefaultIfEmpty().Max(),
        [.. Grouped(gateways.SelectMany(g => g.Routes), r => (r.Route, r.Service)).Select(Together)],
        [.. Grouped(gateways.SelectMany(g => g.Services), s => s.Service).Select(Together)]);

    /// <summary>What is wrong with a service's backends as the gateways see it; none when nothing is.</summary>
    public static IEnumerable<string> Sentences(IEnumerable<GatewayTrafficView> gateways, string service)
    {
        foreach (var gateway in gateways)
            foreach (var seen in gateway.Services.Where(s => s.Service == service))
            {
                if (seen.Breaker == "open")
                    yield return $"Its breaker is open in {gateway.Gateway}, so requests are answered 503 for a " +
                        $"moment: {Reason(seen.Because)}.";
                else if (seen.Breaker == "half-open")
                    yield return $"Its breaker is half-open in {gateway.Gateway}, which lets one request at a time " +
                        $"through: {Reason(seen.Because)}.";
                if (seen.Panic)
                    yield return $"{gateway.Gateway} uses its ejected backends too, since fewer than half are well.";
                foreach (var backend in seen.Backends)
                    if (backend.State == "ejected")
                        yield return $"{gateway.Gateway} has ejected {backend.Backend}: {Reason(backend.Because)}.";
                    else if (backend.State == "trial")
                        yield return $"{gateway.Gateway} tries {backend.Backend} with one request at a time: " +
                            $"{Reason(backend.Because)}.";
            }
    }

    private static string Reason(string because) => because == "" ? "the reason has just passed" : because;

    private static RouteTrafficView Together(IReadOnlyList<RouteTrafficView> all) => all[0] with
    {
        InFlight = all.Sum(r => r.InFlight), Requests = all.Sum(r => r.Requests), Errors = all.Sum(r => r.Errors),
        RateLimited = all.Sum(r => r.RateLimited), P50 = all.Max(r => r.P50), P99 = all.Max(r => r.P99),
    };

    private static ServiceTrafficView Together(IReadOnlyList<ServiceTrafficView> all)
    {
        var worst = all.MaxBy(s => Array.IndexOf(["closed", "half-open", "open"], s.Breaker))!;
        return worst with
        {
            Panic = all.Any(s => s.Panic), InFlight = all.Sum(s => s.InFlight), Requests = all.Sum(s => s.Requests),
            Errors = all.Sum(s => s.Errors), Retries = all.Sum(s => s.Retries), P50 = all.Max(s => s.P50),
            P99 = all.Max(s => s.P99),
            Backends = [.. Grouped(all.SelectMany(s => s.Backends), b => b.Backend).Select(Together)],
        };
    }

    private static BackendTrafficView Together(IReadOnlyList<BackendTrafficView> all)
    {
        var worst = all.MaxBy(b => Array.IndexOf(["up", "draining", "trial", "ejected"], b.State))!;
        return worst with
        {
            Weight = Math.Round(all.Average(b => b.Weight), 3), Share = Math.Round(all.Average(b => b.Share), 3),
            InFlight = all.Sum(b => b.InFlight), Requests = all.Sum(b => b.Requests), Errors = all.Sum(b => b.Errors),
            Retries = all.Sum(b => b.Retries), P50 = all.Max(b => b.P50), P99 = all.Max(b => b.P99),
            Mean = all.Max(b => b.Mean), Changed = all.Min(b => b.Changed),
        };
    }

    /// <summary>In the order in which they come first.</summary>
    private static IEnumerable<T[]> Grouped<T, TKey>(IEnumerable<T> all, Func<T, TKey> key) where TKey : notnull =>
        all.GroupBy(key).Select(group => group.ToArray());
}
