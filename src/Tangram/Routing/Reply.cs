using System.Globalization;
using System.Text;
using Tangram.Routing.Strict;

namespace Tangram.Routing;

/// <summary>What the gateway itself says when no backend's answer can be given.</summary>
internal static class Reply
{
    /// <summary>Tells the gateway's own replies from a backend's: no-route, breaker-open, no-answer, …</summary>
    private const string Header = "Tangram-Error";

    public static Task NoRouteAsync(HttpContext context) =>
        WriteAsync(context, StatusCodes.Status404NotFound, "no-route",
            $"No route leads from {context.Request.Host.Value}{context.Request.Path.Value} to a service.");

    /// <summary>The client has left. Kestrel may not have noticed, and would call what was never said a 200.</summary>
    public static void ToNobody(HttpContext context)
    {
        if (context.Response.HasStarted || context.Response.StatusCode >= 400) return;
        context.Response.Clear();
        context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
    }

    public static async Task NoBackendAsync(HttpContext context, string service)
    {
        if (Degraded.Of(context) is { } degraded && await degraded.TryAnswerAsync(context)) return;
        context.Response.Headers.RetryAfter = "1";
        await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "no-backend",
            $"The service {service} has no replica that is ready at the moment.");
    }

    public static Task TooManyAsync(HttpContext context, TimeSpan retryAfter)
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return WriteAsync(context, StatusCodes.Status429TooManyRequests, "rate-limit",
            $"More requests than this route lets through; come again in {seconds} s.");
    }

    public static Task RedirectAsync(HttpContext context, int status, string location)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    public static Task NoHostAsync(HttpContext context) =>
        WriteAsync(context, StatusCodes.Status400BadRequest, "no-host", "The request names no host to redirect from.");

    public static Task MalformedAsync(HttpContext context, FormVerdict verdict)
    {
        if (verdict == FormVerdict.Ping)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
        var (status, what) = verdict switch
        {
            FormVerdict.Framing => (400, "It cannot be told where the request ends."),
            FormVerdict.Coding => (501, "The request's body is coded in a way that is not known here."),
            FormVerdict.Connection => (400, "The request has fields that HTTP/2 does not have."),
            FormVerdict.Host => (400, "The request's host is none."),
            FormVerdict.Method => (501, "The request's method is not known here; methods have a case."),
            FormVerdict.Tunnel => (501, "No tunnels are opened here."),
            _ => (400, "The request's target is none."),
        };
        return WriteAsync(context, status, "malformed", what);
    }

    /// <param name="wait">Until it is worth to ask again.</param>
    public static async Task BreakerOpenAsync(HttpContext context, string service, TimeSpan wait)
    {
        if (Degraded.Of(context) is { } degraded && await degraded.TryAnswerAsync(context)) return;
        context.Response.Headers.RetryAfter =
            Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "breaker-open",
            $"The replicas of {service} cannot answer, and are left alone for a moment.");
    }

    /// <summary>503 and not 429: it is the service that cannot, whoever asks (RFC 6585, 4).</summary>
    /// <param name="late">The request has no time left.</param>
    public static Task OverloadedAsync(HttpContext context, string service, bool late)
    {
        if (context.RequestAborted.IsCancellationRequested) return Task.CompletedTask;
        if (late) return TooLateAsync(context);
        context.Response.Headers.RetryAfter = "1";
        return WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "overloaded",
            $"The service {service} has more requests than it can answer; this one was not begun.");
    }

    public static Task TooLateAsync(HttpContext context) =>
        WriteAsync(context, StatusCodes.Status504GatewayTimeout, "deadline", "The time of the request is over.");

    /// <summary>What may have been executed is not given to another service.</summary>
    public static async Task NoAnswerAsync(
        HttpContext context, AttemptOutcome outcome, string replica, bool repeatable)
    {
        if ((repeatable || outcome == AttemptOutcome.NeverSent) && Degraded.Of(context) is { } degraded
            && await degraded.TryAnswerAsync(context)) return;
        await WithoutAnswerAsync(context, outcome, replica, repeatable);
    }

    private static Task WithoutAnswerAsync(
        HttpContext context, AttemptOutcome outcome, string replica, bool repeatable) => outcome switch
        {
            AttemptOutcome.NeverSent => WriteAsync(context, StatusCodes.Status502BadGateway, "not-sent",
                $"No connection to {replica} came about; the request was not executed."),
            AttemptOutcome.TimedOut => WriteAsync(context, StatusCodes.Status504GatewayTimeout, "timed-out",
                $"The replica {replica} did not answer in time."),
            _ => WriteAsync(context, StatusCodes.Status502BadGateway, "no-answer",
                $"The replica {replica} ended the connection before it answered." + (repeatable
                    ? ""
                    : " The request may have been executed, so it was not repeated.")),
        };

    /// <summary>308: the same method and body again, and for good (RFC 9110, 15.4.9).</summary>
    public static Task ElsewhereAsync(HttpContext context, string location)
    {
        context.Response.Headers.Location = location;
        return WriteAsync(context, StatusCodes.Status308PermanentRedirect, "https-only", $"It is at {location}.");
    }

    /// <summary>With whatever answer, unless the backend says it in its own words (RFC 6797).</summary>
    public static void PromiseHttps(HttpContext context, TimeSpan until) => context.Response.OnStarting(static state =>
    {
        var (response, seconds) = ((HttpResponse, long))state;
        if (response.Headers.StrictTransportSecurity.Count == 0)
            response.Headers.StrictTransportSecurity =
                string.Create(CultureInfo.InvariantCulture, $"max-age={seconds}");
        return Task.CompletedTask;
    }, (context.Response, (long)until.TotalSeconds));

    private static Task WriteAsync(HttpContext context, int status, string error, string text)
    {
        var response = context.Response;
        if (context.Features.Get<Records.RequestNote>() is { } note) note.Reply = error;
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers[Header] = error;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        var bytes = Encoding.UTF8.GetBytes(text + "\n");
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(bytes).AsTask();
    }
}
