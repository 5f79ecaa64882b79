using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>From what the forwarder reports to what it means for the request and for its backend.</summary>
internal static class AttemptEnd
{
    /// <param name="answered">A response had begun to arrive.</param>
    public static AttemptOutcome Read(HttpContext context, ForwarderError error, bool answered)
    {
        if (context.RequestAborted.IsCancellationRequested) return AttemptOutcome.ClientFault;
        return error switch
        {
            ForwarderError.Request when WasNeverSent(context) => AttemptOutcome.NeverSent,
            ForwarderError.RequestTimedOut when WasNeverSent(context) => AttemptOutcome.NeverSent,
            ForwarderError.RequestTimedOut => AttemptOutcome.TimedOut,
            // A backend may answer without reading the whole request.
            ForwarderError.RequestBodyDestination or ForwarderError.RequestBodyCanceled when answered => AttemptOutcome.ClientFault,
            // Cancelled, but not by the client: the backend's node was declared dead.
            ForwarderError.Request or ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled
                or ForwarderError.RequestBodyDestination or ForwarderError.ResponseHeaders => AttemptOutcome.NoAnswer,
            ForwarderError.ResponseBodyDestination or ForwarderError.ResponseBodyCanceled => AttemptOutcome.Cut,
            _ => AttemptOutcome.ClientFault,
        };
    }

    /// <summary>Only the exception tells. A connect time-out is a cancellation with a time-out inside.</summary>
    private static bool WasNeverSent(HttpContext context) => context.Features.Get<IForwarderErrorFeature>()?.Exception switch
    {
        HttpRequestException e => e.HttpRequestError is HttpRequestError.ConnectionError
            or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        TaskCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };
}
