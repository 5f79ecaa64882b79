using System.Text.Json;

namespace Tangram.Observing;

/// <summary>Reading and writing of bodies.</summary>
internal static class HttpAnswer
{
    public const string JsonType = "application/json", TextType = "text/plain", EventsType = "text/event-stream";

    public static string Named(HttpContext http, string name) => http.Request.RouteValues[name]?.ToString() ?? "";

    public static Task RefuseAsync(HttpContext http, int status, ErrorView error) => WriteAsync(http, status, error);

    public static Task WriteAsync<T>(HttpContext http, T view) => WriteAsync(http, 200, view);

    /// <summary>Null: it was refused already, for it is not what is read here.</summary>
    public static async Task<T?> BodyAsync<T>(HttpContext http, Func<string, T> read) where T : class
    {
        try
        {
            using var body = new StreamReader(http.Request.Body);
            return read(await body.ReadToEndAsync(http.RequestAborted));
        }
        catch (JsonException e)
        {
            await RefuseAsync(http, 400, new ErrorView(
                $"the body is not what {http.Request.Path} takes: {e.Message}", ErrorView.Arguments));
            return null;
        }
    }

    private static Task WriteAsync<T>(HttpContext http, int status, T view)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = JsonType + "; charset=utf-8";
        return http.Response.WriteAsync(ViewJson.Write(view));
    }
}
