namespace Tangram.Routing;

/// <summary>How one attempt at one backend ended.</summary>
/// <param name="Status">The response's status; 0 when there was none.</param>
/// <param name="Took">From the attempt's beginning to the response's head, or to the end of the wait for it. Null when
/// it was reported already or is not known.</param>
/// <param name="Chance">A random number, by which two gateways that eject at the same moment do not come back at the
/// same moment.</param>
public readonly record struct Attempt(
    AttemptOutcome Outcome, int Status = 0, TimeSpan? Took = null, ulong Chance = 0);
