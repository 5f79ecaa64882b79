using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace Tangram.Proving.Scenarios;

/// <summary>Sends the requests of users: expanded, with their cookies, and read as far as checks ask. Safe for many
/// threads.</summary>
internal sealed class ScenarioClient(Scenario scenario, LoadOptions options, TimeProvider time) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(LoadClient.Handler(options));

    public void Dispose() => _http.Dispose();

    /// <summary>Never throws for what a server or a network may do: that is the outcome.</summary>
    public async Task<(LoadOutcome Outcome, Judgement Judgement)> SendAsync(
        RequestSpec request, ScenarioUser user, CookieContainer? cookies, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(request.Timeout ?? scenario.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var (outcome, reply) = await TryAsync(request, user, cookies, either.Token);
        if (cancellation.IsCancellationRequested && outcome.Failure is not null)
            return (LoadOutcome.Failed(LoadFailure.Abandoned, ""), Judgement.Nothing);
        if (reply is null) return (outcome, Judgement.Unanswered(request, user));
        var judgement = Judgement.Of(request, reply, user, time.GetUtcNow());
        return (judgement.Of(outcome), judgement);
    }

    [SuppressMessage("Design", "CA1031", Justification = "whatever ends a request is its outcome")]
    private async Task<(LoadOutcome, Reply?)> TryAsync(
        RequestSpec request, ScenarioUser user, CookieContainer? cookies, CancellationToken cancellation)
    {
        var begun = false;
        try
        {
            var text = RequestText.Of(request, user, time.GetUtcNow());
            var sent = time.GetTimestamp();
            if (text.Url is null) return (LoadOutcome.Failed(LoadFailure.Other, text.Wrong), null);
            for (var redirects = 0; ; redirects++)
            {
                begun = false;
                using var message = Message(text, cookies);
                using var response = await _http.SendAsync(message, cancellation);
                begun = true;
                Keep(response, text.Url!, cookies);
                if (request.Follows
                    && text.Redirected((int)response.StatusCode, response.Headers.Location) is { } next)
                {
                    if (redirects == RequestSpec.MostRedirects)
                        return (LoadOutcome.Failed(LoadFailure.Other, $"more than {redirects} redirects"), null);
                    await response.Content.CopyToAsync(Stream.Null, cancellation);
                    text = next;
                    continue;
                }
                return (LoadOutcome.Answered((int)response.StatusCode),
                    await ReplyAsync(request, response, () => time.GetElapsedTime(sent), cancellation));
            }
        }
        catch (Exception e)
        {
            return (LoadOutcome.Of(e, begun), null);
        }
    }

    private HttpRequestMessage Message(RequestText text, CookieContainer? cookies)
    {
        var message = new HttpRequestMessage(new HttpMethod(text.Method), text.Url)
        {
            Version = LoadClient.Version(options), VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var bodiless = text.Method is "GET" or "HEAD";
        if (text.Body is not null || !bodiless)
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text.Body ?? ""));
        foreach (var header in text.Headers)
            if (!message.Headers.TryAddWithoutValidation(header.Name, header.Value)
                && !header.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                message.Content?.Headers.TryAddWithoutValidation(header.Name, header.Value);
        if (text.Body is not null && message.Content!.Headers.ContentType is null)
            message.Content.Headers.TryAddWithoutValidation("Content-Type", text.ContentType);
        if (cookies is not null && cookies.GetCookieHeader(text.Url!) is { Length: > 0 } kept)
            message.Headers.TryAddWithoutValidation("Cookie", kept);
        return message;
    }

    private static void Keep(HttpResponseMessage response, Uri url, CookieContainer? cookies)
    {
        if (cookies is null || !response.Headers.TryGetValues("Set-Cookie", out var lines)) return;
        foreach (var line in lines)
            try { cookies.SetCookies(url, line); }
            // As browsers do with one that they cannot read.
            catch (CookieException) { }
    }

    private static async Task<Reply> ReplyAsync(
        RequestSpec request, HttpResponseMessage response, Func<TimeSpan> took, CancellationToken cancellation)
    {
        string? body = null;
        if (request.NeedsBody) body = await TextAsync(response.Content, cancellation);
        else await response.Content.CopyToAsync(Stream.Null, cancellation);
        var headers = request.Checks.Count + request.Extracts.Count == 0 ? []
            : response.Headers.Concat(response.Content.Headers)
                .SelectMany(header => header.Value.Select(value => new LoadHeader(header.Key, value))).ToList();
        return new Reply((int)response.StatusCode, response.ReasonPhrase ?? "", headers, body) { Took = took() };
    }

    private static async Task<string> TextAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var raw = await content.ReadAsStreamAsync(cancellation);
        await using var plain = content.Headers.ContentEncoding.LastOrDefault() switch
        {
            "gzip" => new GZipStream(raw, CompressionMode.Decompress),
            "deflate" => new ZLibStream(raw, CompressionMode.Decompress),
            "br" => new BrotliStream(raw, CompressionMode.Decompress),
            _ => raw,
        };
        var encoding = content.Headers.ContentType?.CharSet is "iso-8859-1" or "ISO-8859-1"
            ? Encoding.Latin1 : Encoding.UTF8;
        using var reader = new StreamReader(plain, encoding, detectEncodingFromByteOrderMarks: false);
        var (text, buffer) = (new StringBuilder(), new char[4096]);
        // What is too long is read to its end, since that is the answer's, and kept no further.
        while (await reader.ReadAsync(buffer, cancellation) is > 0 and var count)
            if (text.Length < Reply.LongestBody)
                text.Append(buffer, 0, Math.Min(count, Reply.LongestBody - text.Length));
        return text.ToString();
    }
}
