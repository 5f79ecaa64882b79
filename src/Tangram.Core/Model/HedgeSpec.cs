namespace Tangram.Model;

/// <summary>When a request that is safe to repeat is sent to a second backend although the first has not failed: one
/// slow answer then makes no slow request (Dean and Barroso, The Tail at Scale, 2013).</summary>
/// <param name="After">How long the first has for itself. Null: as long as <paramref name="Quantile"/> says.</param>
/// <param name="Quantile">Of the service's latency, 0 to 1: with 0.95 one request in twenty is sent twice.</param>
public sealed record HedgeSpec(TimeSpan? After, double Quantile = 0.95)
{
    /// <summary>Sooner than this nothing is worth a second request.</summary>
    public static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(1);
}
