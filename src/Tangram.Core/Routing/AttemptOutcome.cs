namespace Tangram.Routing;

/// <summary>How one attempt at one backend ended.</summary>
public enum AttemptOutcome
{
    /// <summary>A response below 500 arrived.</summary>
    Answered,
    /// <summary>A response of 500 or above arrived.</summary>
    ServerError,
    /// <summary>No connection came about, so not one byte of the request was sent.</summary>
    NeverSent,
    /// <summary>Something was sent, and the connection ended before a response began.</summary>
    NoAnswer,
    /// <summary>Something was sent, and nothing came back in time.</summary>
    TimedOut,
    /// <summary>The response began and did not end.</summary>
    Cut,
    /// <summary>The client left or sent what cannot be forwarded; it says nothing about the backend.</summary>
    ClientFault,
}
