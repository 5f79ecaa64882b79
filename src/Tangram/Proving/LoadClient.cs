using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace Tangram.Proving;

/// <summary>Sends one request at a time per call, HTTP/1.1, at most once to each address: no redirect, no proxy, no
/// cookie, no other repetition. Safe for many threads.</summary>
internal sealed class LoadClient : IDisposable
{
    private readonly LoadOptions _options;
    private readonly string _run;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly (LoadClass Class, byte[]? Body, Uri[] Urls)[] _classes;
    private readonly LoadAddresses _addresses;
    private readonly Lock _lock = new();
    private readonly long _start;

    public LoadClient(LoadOptions options, string run, TimeProvider time)
    {
        (_options, _run, _time, _start) = (options, run, time, time.GetTimestamp());
        _classes = [.. options.Classes.Select(c =>
            (c, c.Body is null ? null : Encoding.UTF8.GetBytes(c.Body), Urls(c.Url, options)))];
        _addresses = new LoadAddresses(1 + options.Also.Count);
        _http = new HttpMessageInvoker(Handler(options));
    }

    /// <summary>Connections that repeat nothing, follow nothing and keep nothing.</summary>
    internal static SocketsHttpHandler Handler(LoadOptions options) => new()
    {
        MaxConnectionsPerServer = options.Connections,
        EnableMultipleHttp2Connections = true,
        ConnectTimeout = options.Silence ?? options.Timeout,
        ConnectCallback = options.Silence is { } silence ? LoadSocket.Connecting(silence) : null,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        SslOptions = LoadTrust.Of(options),
        PlaintextStreamFilter = (context, _) =>
            ValueTask.FromResult<Stream>(new LoadConnection(context.PlaintextStream)),
    };

    internal static Version Version(LoadOptions options) =>
        options.Http2 ? HttpVersion.Version20 : HttpVersion.Version11;

    /// <summary>Never throws for what a server or a network may do: that is the outcome. The time-out is for all
    /// addresses together.</summary>
    public async Task<LoadOutcome> SendAsync(int @class, long index, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var (outcome, tried) = (default(LoadOutcome), 0);
        foreach (var address in Order(index))
        {
            (outcome, var next) = await TryAsync(@class, index, address, either.Token);
            if (cancellation.IsCancellationRequested && outcome.Failure is not null)
                return LoadOutcome.Failed(LoadFailure.Abandoned, "");
            outcome = outcome with { Elsewhere = tried++ > 0 };
            if (next || outcome.Failure is null) Note(address, failed: next);
            if (!next || either.IsCancellationRequested) break;
        }
        return outcome;
    }

    [SuppressMessage("Design", "CA1031", Justification = "whatever ends a request is its outcome")]
    private async Task<(LoadOutcome Outcome, bool Next)> TryAsync(
        int @class, long index, int address, CancellationToken cancellation)
    {
        var begun = false;
        try
        {
            using var request = Request(@class, index, address);
            using var response = await _http.SendAsync(request, cancellation);
            begun = true;
            await response.Content.CopyToAsync(Stream.Null, cancellation);
            return (LoadOutcome.Answered((int)response.StatusCode), false);
        }
        catch (Exception e)
        {
            return (LoadOutcome.Of(e, begun), !begun && LoadOutcome.MayGoElsewhere(e, _classes[@class].Class.IsSafe));
        }
    }

    public void Dispose() => _http.Dispose();

    private int[] Order(long index)
    {
        lock (_lock) return _addresses.Order(index, _time.GetElapsedTime(_start));
    }

    private void Note(int address, bool failed)
    {
        lock (_lock)
        {
            if (failed) _addresses.Failed(address, _time.GetElapsedTime(_start));
            else _addresses.Worked(address);
        }
    }

    private static Uri[] Urls(Uri url, LoadOptions options) =>
        [url, .. options.Also.Select(other => new Uri(other, url.PathAndQuery))];

    /// <summary>A log's path is sent as it was.</summary>
    private Uri Where(Uri url, long index) => _options.Replay is not { } replay ? url
        : new Uri(url.GetLeftPart(UriPartial.Authority) + LoadWire.Below(url) +
            Encoding.ASCII.GetString(replay.Log.Target(index)),
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private HttpRequestMessage Request(int @class, long index, int address)
    {
        var (what, body, urls) = _classes[@class];
        var request = new HttpRequestMessage(new HttpMethod(what.Method), Where(urls[address], index))
        {
            Version = Version(_options),
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
