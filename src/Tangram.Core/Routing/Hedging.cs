using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What a service needs in order to send requests twice: <see cref="HedgeSpec"/>, and how long its answers
/// take.</summary>
public sealed class Hedging(HedgeSpec spec)
{
    private readonly LatencyQuantiles _latencies = new();

    public HedgeSpec Spec { get; } = spec;

    /// <summary>How long a request's first attempt has for itself. Null: it stays alone, since nothing is known of the
    /// service yet, or there is nobody else, or a second attempt could not end in time.</summary>
    /// <param name="left">Until the request's own deadline; null: it has none.</param>
    public TimeSpan? Delay(RoutedService service, TimeSpan? left)
    {
        if (service.Backends.Length < 2 || (Spec.After ?? _latencies.At(Spec.Quantile)) is not { } delay) return null;
        if (delay < HedgeSpec.Soonest) delay = HedgeSpec.Soonest;
        return left is { } rest && delay + RemainingTime.Least(service) >= rest ? null : delay;
    }

    /// <summary>An answer took so long; or one that was not waited for took longer. Without the latter the quantile
    /// would fall by and by, since slow answers would never be seen.</summary>
    public void Learn(TimeSpan took)
    {
        if (Spec.After is null) _latencies.Add(took);
    }

    /// <summary>One caller at a time.</summary>
    internal void Look(Instant now) => _latencies.Age(now);
}
