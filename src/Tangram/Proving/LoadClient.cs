using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace Tangram.Proving;

/// <summary>Sends one request at a time per call, HTTP/1.1, exactly once: no redirect, no proxy, no cookie, no
/// repetition. Safe for many threads.</summary>
internal sealed class LoadClient : IDisposable
{
    private readonly LoadOptions _options;
    private readonly string _run;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly (LoadClass Class, byte[]? Body)[] _classes;

    public LoadClient(LoadOptions options, string run, TimeProvider time)
    {
        (_options, _run, _time) = (options, run, time);
        _classes = [.. options.Classes.Select(c => (c, c.Body is null ? null : Encoding.UTF8.GetBytes(c.Body)))];
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.Connections,
            ConnectTimeout = options.Timeout,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            PlaintextStreamFilter = (context, _) =>
                ValueTask.FromResult<Stream>(new LoadConnection(context.PlaintextStream)),
        });
    }

    /// <summary>Never throws for what a server or a network may do: that is the outcome.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "whatever ends a request is its outcome")]
    public async Task<LoadOutcome> SendAsync(int @class, long index, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var begun = false;
        try
        {
            using var request = Request(@class, index);
            using var response = await _http.SendAsync(request, either.Token);
            begun = true;
            await response.Content.CopyToAsync(Stream.Null, either.Token);
            return LoadOutcome.Answered((int)response.StatusCode);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            return LoadOutcome.Failed(LoadFailure.Abandoned, "");
        }
        catch (Exception e)
        {
            return LoadOutcome.Of(e, begun);
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(int @class, long index)
    {
        var (what, body) = _classes[@class];
        var request = new HttpRequestMessage(new HttpMethod(what.Method), what.Url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var bodiless = request.Method == HttpMethod.Get || request.Method == HttpMethod.Head;
        if (body is not null || !bodiless) request.Content = new ByteArrayContent(body ?? []);
        foreach (var header in _options.Headers)
            if (!request.Headers.TryAddWithoutValidation(header.Name, header.Value))
                request.Content?.Headers.TryAddWithoutValidation(header.Name, header.Value);
        if (body is not null && request.Content!.Headers.ContentType is null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        if (_options.UniqueIdHeader is { } name) request.Headers.TryAddWithoutValidation(name, $"{_run}-{index}");
        return request;
    }
}
