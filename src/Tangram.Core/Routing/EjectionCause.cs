namespace Tangram.Routing;

/// <summary>Why a backend was ejected.</summary>
public enum EjectionCause
{
    /// <summary>No connection came about: that is no suspicion, and there is no cap.</summary>
    Refused,
    NoAnswer,
    FailuresInRow,
    GatewayErrors,
    /// <summary>Its breaker opened.</summary>
    ErrorRate,
    SuccessRate,
    Latency,
}
