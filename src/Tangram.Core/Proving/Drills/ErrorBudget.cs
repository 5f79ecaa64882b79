using Tangram.Model;

namespace Tangram.Proving.Drills;

/// <summary>What a cluster's objective lets fail is for accidents first, then for practice.</summary>
internal static class ErrorBudget
{
    /// <summary>Of fewer requests one failure says nothing about a budget.</summary>
    public const long Fewest = 1_000;

    /// <summary>Why no drill should be held now; null when one may. It counts since the gateways' start, which is as
    /// far as they remember.</summary>
    public static string? Spent(ObjectivesSpec objectives, DrillSighting seen)
    {
        if (objectives.Availability is not { } availability || seen.Requests < Fewest) return null;
        var allowed = (long)Math.Floor((1 - availability) * seen.Requests + 1e-6);
        return seen.Errors <= allowed ? null
            : $"the error budget is spent: since the gateway started, {seen.Errors} of {seen.Requests} requests were " +
              $"answered with an error, and the objective {DrillAim.Percent(availability)} allows {allowed}. " +
              "--regardless holds the drill all the same";
    }
}
