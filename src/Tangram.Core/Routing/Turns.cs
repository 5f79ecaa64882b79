namespace Tangram.Routing;

/// <summary>Interleaved weighted round robin (Katevenis and others, 1991) without a memory of its own: a backend is
/// visited once a round and takes the visits at which its share, added up, reaches the next whole number. So its turns
/// lie evenly apart, and nothing but the round has to be counted.</summary>
internal static class Turns
{
    private const double GoldenRatio = 0.6180339887498949;

    /// <param name="share">Of the heaviest's turns, 0 to 1.</param>
    /// <param name="index">Backends of the same share take their turns in different rounds.</param>
    public static bool IsDue(double share, long round, int index)
    {
        if (share >= 1) return true;
        var at = (round + index * GoldenRatio % 1) * share;
        return Math.Floor(at + share) > Math.Floor(at);
    }
}
