namespace Tangram.Routing;

/// <summary>How much of its share a backend gets that is new or back: its caches are cold, and its code is not yet
/// compiled.</summary>
public static class SlowStart
{
    public const double Least = 0.1;

    /// <summary>max(10 %, (t / window)^(1 / aggression)), as in Envoy; 1 when the window is over or is none.</summary>
    /// <param name="aggression">1 is linear; more gives more at the beginning.</param>
    public static double Factor(TimeSpan elapsed, TimeSpan window, double aggression = 1) =>
        elapsed >= window ? 1
        : Math.Max(Least, Math.Pow(Math.Max(0, elapsed / window), 1 / aggression));
}
