namespace Tangram.Routing;

/// <summary>How an attempt ended for the request.</summary>
/// <param name="Outcome"><see cref="AttemptOutcome.Answered"/>: the client has the answer, or will have it from
/// elsewhere.</param>
/// <param name="Unreachable">Nothing came back from where the backend is, not even a refusal.</param>
internal readonly record struct AttemptEnding(AttemptOutcome Outcome, bool Unreachable = false)
{
    public static readonly AttemptEnding Done = new(AttemptOutcome.Answered);
}
