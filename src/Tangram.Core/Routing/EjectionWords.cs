using System.Globalization;

namespace Tangram.Routing;

/// <summary>Why a backend was ejected, for people. Words are made when somebody asks, not when a request
/// fails.</summary>
internal static class EjectionWords
{
    /// <param name="failed">Failures; of <see cref="EjectionCause.Latency"/> its milliseconds.</param>
    /// <param name="of">The requests that it failed of; of <see cref="EjectionCause.Latency"/> the median's
    /// milliseconds.</param>
    public static string Of(EjectionCause cause, long failed, long of) => cause switch
    {
        EjectionCause.Refused => "it took no connection",
        EjectionCause.NoAnswer => "it ended a connection without an answer",
        EjectionCause.FailuresInRow => Invariant($"{failed} requests failed in a row"),
        EjectionCause.GatewayErrors =>
            Invariant($"{failed} requests in a row ended with 502, 503, 504 or in a time-out"),
        EjectionCause.ErrorRate => Invariant($"its breaker opened: {failed} of {of} requests failed"),
        EjectionCause.SuccessRate => Invariant($"{failed} of {of} requests failed, and few at the others"),
        EjectionCause.Latency => Invariant($"its answers take {failed} ms, and the median's {of} ms"),
        _ => throw new ArgumentOutOfRangeException(nameof(cause), $"there are no words for {cause}"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
