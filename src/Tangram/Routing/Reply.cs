using System.Globalization;
using System.Text;

namespace Tangram.Routing;

/// <summary>What the gateway itself says when no backend's answer can be given.</summary>
internal static class Reply
{
    /// <summary>Tells the gateway's own replies from a backend's: no-route, breaker-open, no-answer, …</summary>
    private const string Header = "Tangram-Error";

    public static Task NoRouteAsync(HttpContext context) =>
        WriteAsync(context, StatusCodes.Status404NotFound, "no-route",
            $"No route leads from {context.Request.Host.Value}{context.Request.Path.Value} to a service.");

    public static Task NoBackendAsync(HttpContext context, string service)
    {
        context.Response.Headers.RetryAfter = "1";
        return WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "no-backend",
            $"The service {service} has no replica that is ready at the moment.");
    }

    /// <param name="wait">Until it is worth to ask again.</param>
    public static Task BreakerOpenAsync(HttpContext context, string service, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter =
            Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "breaker-open",
            $"The replicas of {service} cannot answer, and are left alone for a moment.");
    }

    public static Task NoAnswerAsync(HttpContext context, AttemptOutcome outcome, string replica, bool repeatable) =>
        outcome switch
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

    private static Task WriteAsync(HttpContext context, int status, string error, string text)
    {
        var response = context.Response;
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
