using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>Of streams: from what the forwarder reports to what it means for the request and for its backend.</summary>
internal static class AttemptEnd
{
    /// <param name="answered">A response had begun to arrive.</param>
    /// <param name="abandoned">The backend's node was declared dead meanwhile.</param>
    public static AttemptEnding Read(HttpContext context, ForwarderError error, bool answered, bool abandoned) =>
        error == ForwarderError.None ? AttemptEnding.Done
        : answered ? new AttemptEnding(AfterAnswer(error, abandoned))
        : context.RequestAborted.IsCancellationRequested ? new AttemptEnding(AttemptOutcome.ClientFault)
        : new AttemptEnding(BeforeAnswer(context, error), ExceptionOf(context) is { } e && IsUnreachable(e));

    private static AttemptOutcome BeforeAnswer(HttpContext context, ForwarderError error) => error switch
    {
        ForwarderError.Request or ForwarderError.RequestTimedOut when WasNeverSent(context) => AttemptOutcome.NeverSent,
        ForwarderError.RequestTimedOut => AttemptOutcome.TimedOut,
        // Cancelled, but not by the client: abandoned.
        ForwarderError.Request or ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled
            or ForwarderError.RequestBodyDestination => AttemptOutcome.NoAnswer,
        _ => AttemptOutcome.ClientFault,
    };

    /// <summary>That the client has left cannot be asked here: the forwarder itself cuts the client's connection when a
    /// response is cut. A backend may answer without reading the whole request, so its errors do not count.</summary>
    private static AttemptOutcome AfterAnswer(ForwarderError error, bool abandoned) => error switch
    {
        ForwarderError.ResponseHeaders or ForwarderError.ResponseBodyDestination => AttemptOutcome.Cut,
        ForwarderError.ResponseBodyCanceled when abandoned => AttemptOutcome.Cut,
        _ => AttemptOutcome.ClientFault,
    };

    /// <summary>Only the exception tells. A connect time-out is a cancellation with a time-out inside.</summary>
    private static bool WasNeverSent(HttpContext context) => ExceptionOf(context) switch
    {
        HttpRequestException e => e.HttpRequestError is HttpRequestError.ConnectionError
            or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        TaskCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };

    /// <summary>Nothing came back from where the backend is, not even a refusal.</summary>
    public static bool IsUnreachable(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: { } inner } =>
            IsUnreachable(inner),
        SocketException e => e.SocketErrorCode is SocketError.TimedOut or SocketError.HostUnreachable
            or SocketError.HostDown or SocketError.NetworkUnreachable or SocketError.NetworkDown,
        OperationCanceledException { InnerException: null or TimeoutException } => true,
        _ => false,
    };

    private static Exception? ExceptionOf(HttpContext context) =>
        context.Features.Get<IForwarderErrorFeature>()?.Exception;
}
