using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Deploying;

/// <summary>Whether the new revision fails clearly more often than the one it replaces, by the gateways' own
/// counts.</summary>
/// <remarks>Compares the lower end of the new rate's interval with the upper end of the old one's (Wilson's score
/// interval, 1927, z = 3, about 99.9 % on each side), so a few unlucky requests on either side do not decide. With half
/// of the requests failing, ten are enough. What it is compared with is what a rollback would bring back: a revision
/// that was superseded before it was proven may be as bad.</remarks>
public static class OutcomeTest
{
    private const double Z = 3;

    /// <summary>Below this share of failures nothing is rolled back, however certain it is.</summary>
    public const double Tolerated = 0.01;

    /// <summary>The sentence that condemns the new revision, or null.</summary>
    public static string? Condemns(ClusterState state, ServiceName service, int target)
    {
        var (requests, failures) = Sum(state, service, o => o.Revision == target);
        if (failures < 3) return null;
        var proven = state.Spec(state.Rollout?.Value.Current ?? 0)?.Find(service);
        var (before, beforeFailed) = Sum(state, service,
            o => o.Revision != target && proven is not null && Templates.Same(state, o.Revision, proven));
        var least = Bounds(requests, failures).Low;
        var most =
            before == 0 ? 0 : Math.Min((double)beforeFailed / before + Tolerated, Bounds(before, beforeFailed).High);
        if (least <= Math.Max(Tolerated, most)) return null;
        return $"{failures} of {requests} requests to revision {target} of {service} failed, " +
               $"against {beforeFailed} of {before} to the one before";
    }

    private static (long Requests, long Failures) Sum(ClusterState state, ServiceName service,
        Func<Outcomes, bool> which)
    {
        var (requests, failures) = (0L, 0L);
        foreach (var gateway in state.Gateways.Values)
            foreach (var outcome in gateway.Value.Outcomes)
                if (outcome.Service == service && which(outcome))
                    (requests, failures) = (requests + outcome.Requests, failures + outcome.Failures);
        return (requests, failures);
    }

    internal static (double Low, double High) Bounds(long n, long failed)
    {
        if (n == 0) return (0, 1);
        var p = (double)failed / n;
        var centre = p + Z * Z / (2 * n);
        var spread = Z * Math.Sqrt(p * (1 - p) / n + Z * Z / (4.0 * n * n));
        return ((centre - spread) / (1 + Z * Z / n), (centre + spread) / (1 + Z * Z / n));
    }
}
