using System.Net.Http;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Tangram.Proving;

/// <summary>Why a request has no complete answer.</summary>
public enum LoadFailure
{
    Refused,
    Reset,
    /// <summary>The connection was closed before the answer began.</summary>
    Closed,
    /// <summary>The answer began and did not end.</summary>
    Cut,
    Timeout,
    Unreachable,
    NameUnknown,
    Tls,
    /// <summary>What came back was not HTTP.</summary>
    Protocol,
    /// <summary>Too many were in flight, see <see cref="LoadOptions.MaxInFlight"/>.</summary>
    Unsent,
    Other,
    /// <summary>Answered, and not as the scenario's checks ask.</summary>
    Check,
    /// <summary>The run was interrupted; says nothing about the server.</summary>
    Abandoned,
}

/// <summary>A connection ended or broke while an answer was due. It is deliberately no <see
/// cref="System.IO.IOException"/>: after one of those the platform's HTTP client would repeat the request behind
/// our back.</summary>
public sealed class AnswerLostException(Exception? cause)
    : Exception(cause?.Message ?? "the connection was closed", cause);

/// <summary>How one request ended: an HTTP status, or a failure.</summary>
public readonly record struct LoadOutcome(int Status, LoadFailure? Failure, string What)
{
    /// <summary>More than one address was tried.</summary>
    public bool Elsewhere { get; init; }

    /// <summary>What the scenario, or the log that is replayed, says of the status; null: nothing, so 2xx is
    /// good.</summary>
    public bool? Expected { get; init; }

    public bool Ok => Failure is null && (Expected ?? Status is >= 200 and < 300);

    /// <summary>Neither success nor a run's end that says nothing.</summary>
    public bool IsBad => !Ok && Failure is not LoadFailure.Abandoned;

    /// <summary>An answer has a latency. A time-out has one too, at least what was waited, or a server that stalls
    /// would look fast. Other failures have none: a refusal in no time is not a fast answer.</summary>
    public bool HasLatency => Failure is null or LoadFailure.Timeout or LoadFailure.Check;

    public static LoadOutcome Answered(int status) => new(status, null, "");

    /// <summary>A message came; it has no status.</summary>
    public static readonly LoadOutcome Echoed = new LoadOutcome(0, null, "") with { Expected = true };

    public static LoadOutcome Failed(LoadFailure failure, string what) => new(0, failure, what);

    /// <summary>What an exception of the HTTP client means. <paramref name="begun"/>: the answer's head had
    /// arrived.</summary>
    public static LoadOutcome Of(Exception exception, bool begun)
    {
        var failure = exception is OperationCanceledException ? LoadFailure.Timeout
            : Kind(exception) ?? LoadFailure.Other;
        // A connection can end by silence too; the request's own time-out is none of its ends.
        if (begun && exception is not OperationCanceledException
            && failure is (LoadFailure.Reset or LoadFailure.Closed or LoadFailure.Timeout)) failure = LoadFailure.Cut;
        return Failed(failure, exception.GetBaseException().Message);
    }

    /// <summary>True when a client may try another address: no connection was made, so nothing was sent; or it was
    /// lost before the answer began, and the request is safe to repeat.</summary>
    public static bool MayGoElsewhere(Exception exception, bool safe) => exception switch
    {
        AnswerLostException => safe,
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError,
        } => true,
        // How the platform tells that connecting took too long.
        OperationCanceledException { InnerException: TimeoutException } => true,
        _ => exception.InnerException is { } inner && MayGoElsewhere(inner, safe),
    };

    /// <summary>The innermost cause that we know decides: outer ones say less.</summary>
    private static LoadFailure? Kind(Exception exception) => Inner(exception) ?? exception switch
    {
        SocketException socket => OfSocket(socket.SocketErrorCode),
        AnswerLostException => LoadFailure.Closed,
        WebSocketException { WebSocketErrorCode: WebSocketError.ConnectionClosedPrematurely } => LoadFailure.Closed,
        WebSocketException { WebSocketErrorCode: not WebSocketError.Success and not WebSocketError.NativeError }
            => LoadFailure.Protocol,
        HttpIOException io => OfHttp(io.HttpRequestError),
        HttpRequestException { HttpRequestError: { } error } => OfHttp(error),
        _ => null,
    };

    private static LoadFailure? Inner(Exception exception) =>
        exception.InnerException is { } inner ? Kind(inner) : null;

    private static LoadFailure? OfSocket(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => LoadFailure.Refused,
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => LoadFailure.Reset,
        SocketError.TimedOut => LoadFailure.Timeout,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => LoadFailure.Unreachable,
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => LoadFailure.NameUnknown,
        _ => null,
    };

    private static LoadFailure? OfHttp(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => LoadFailure.NameUnknown,
        HttpRequestError.SecureConnectionError => LoadFailure.Tls,
        HttpRequestError.ResponseEnded => LoadFailure.Closed,
        HttpRequestError.InvalidResponse or HttpRequestError.VersionNegotiationError => LoadFailure.Protocol,
        // HTTP/2: the server has ended the stream, or the connection, before the answer.
        HttpRequestError.HttpProtocolError => LoadFailure.Reset,
        _ => null,
    };
}

/// <summary>One request from its intended start to its end; times since the start of the run.</summary>
/// <param name="Class">An index into <see cref="LoadOptions.Classes"/>.</param>
public readonly record struct LoadSample(
    int Class, long Index, TimeSpan Intended, TimeSpan Begun, TimeSpan Ended, LoadOutcome Outcome);
