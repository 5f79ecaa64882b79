using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Primitives;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Between an answer of HTTP and the one that is kept.</summary>
internal static class StoredForm
{
    public static string Key(HttpContext context, ServiceName service)
    {
        var request = context.Request;
        return $"{service}\n{request.Scheme}://{request.Host.Value}{request.Path}{request.QueryString}";
    }

    /// <summary>By its head.</summary>
    public static bool MayKeep(HttpContext context, RoutedService service)
    {
        var (asked, given) = (context.Request.Headers, context.Response.Headers);
        var personal = asked.Authorization.Count > 0 || asked.Cookie.Count > 0;
        return !(given.ContentLength > StoredAnswers.LargestBody)
            && !given.ContentType.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase)
            && StoreRules.MayKeep(context.Response.StatusCode, given.CacheControl.ToString(), given.Vary.ToString(),
                personal, SetsCookie(given.SetCookie, service.Sticky?.Name));
    }

    /// <summary>Of one that may be kept.</summary>
    public static StoredAnswer Of(HttpContext context, ReadOnlyMemory<byte> body, Instant now)
    {
        var (asked, given) = (context.Request.Headers, context.Response.Headers);
        var vary = given.Vary.ToString();
        _ = long.TryParse(given.Age.ToString(), CultureInfo.InvariantCulture, out var age);
        return new StoredAnswer(
            [.. from header in given
                where StoreRules.MayKeepHeader(header.Key)
                from value in header.Value
                where value is not null
                select (header.Key, value)],
            body.ToArray(),
            [.. vary.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(name => (name, asked[name].ToString()))],
            now, Math.Max(0, age));
    }

    public static async Task WriteAsync(HttpContext context, StoredAnswer answer, Instant now)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        foreach (var (name, value) in answer.Headers) response.Headers.Append(name, value);
        response.Headers.Age = answer.AgeAt(now).ToString(CultureInfo.InvariantCulture);
        response.ContentLength = answer.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(answer.Body).ConfigureAwait(false);
    }

    private static bool SetsCookie(StringValues cookies, string? own)
    {
        foreach (var cookie in cookies)
            if (own is null || cookie?.StartsWith(own + "=", StringComparison.Ordinal) != true) return true;
        return false;
    }
}
