using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Asks the daemon over its API. Every failure is a <see cref="CommandFailure"/> with the exit code it
/// means.</summary>
internal sealed class ClusterClient : IDisposable
{
    /// <summary>Longer than the longest wait for events (30 s).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>A deploy copies files before it answers.</summary>
    private static readonly TimeSpan DeployPatience = TimeSpan.FromMinutes(10);

    private readonly Lazy<HttpClient> _http;
    private readonly ClusterPlace _place;
    private readonly bool _overHttp;

    public ClusterClient(ClusterPlace place)
    {
        _place = place;
        _overHttp = place.Address.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
                    || place.Address.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (_overHttp && !Uri.TryCreate(place.Address, UriKind.Absolute, out _))
            throw CommandFailure.Arguments($"TANGRAM_HOST is '{place.Address}', which is no URL");
        _http = new Lazy<HttpClient>(MakeHttp);
    }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellation) where T : class =>
        ViewJson.Read<T>(await SendAsync(HttpMethod.Get, path, null, cancellation));

    /// <summary>What is answered at once.</summary>
    public Task<T> LookAsync<T>(string path, CancellationToken cancellation) where T : class
    {
        if (_overHttp) return GetAsync<T>(path, cancellation);
        try
        {
            var answer = PlainRequest.Get(_place.Address, path);
            Stale = answer.Stale;
            return answer.Status is >= 200 and < 300 ? Task.FromResult(ViewJson.Read<T>(answer.Body))
                : throw Refused(answer.Body, answer.Status);
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentException or JsonException)
        {
            throw NobodyThere(e);
        }
        catch (TimeoutException)
        {
            throw Silent();
        }
    }

    public async Task<DoneView> PostAsync(string path, string? body, CancellationToken cancellation) =>
        ViewJson.Read<DoneView>(await SendAsync(HttpMethod.Post, path, body, cancellation));

    public async Task<string> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(path.StartsWith("/v1/deploy", StringComparison.Ordinal) ? DeployPatience : Patience);
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await _http.Value.SendAsync(request, limit.Token);
            Stale = StaleOf(response);
            var text = await response.Content.ReadAsStringAsync(limit.Token);
            return response.IsSuccessStatusCode ? text : throw Refused(text, (int)response.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ArgumentException)
        {
            throw NobodyThere(e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Silent();
        }
    }

    /// <summary>What <c>GET /v1/watch</c> sends, from everything on, or from after an event on. Ends when the daemon
    /// does.</summary>
    public async IAsyncEnumerable<SseItem<string>> WatchAsync(string? after,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/watch");
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        using var response = await BegunAsync(request, cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var items = SseParser.Create(body).EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
        await using var _ = items.ConfigureAwait(false);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync()) yield break;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                yield break;
            }
            yield return items.Current;
        }
    }

    /// <summary>The sentence of the last answer that says that it is old; null when it is not.</summary>
    public string? Stale { get; private set; }

    public void Dispose()
    {
        if (_http.IsValueCreated) _http.Value.Dispose();
    }

    private HttpClient MakeHttp()
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (!_overHttp)
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(_place.Address), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        return new HttpClient(handler)
        {
            BaseAddress = new Uri(_overHttp ? _place.Address : "http://tangram"), Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    private async Task<HttpResponseMessage> BegunAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            var response = await _http.Value.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            Stale = StaleOf(response);
            if (response.IsSuccessStatusCode) return response;
            using (response)
                throw Refused(await response.Content.ReadAsStringAsync(cancellation), (int)response.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ArgumentException)
        {
            throw NobodyThere(e);
        }
    }

    private static string? StaleOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues(ApiAnswers.StaleHeader, out var said) ? said.FirstOrDefault() : null;

    private CommandFailure NobodyThere(Exception e) => CommandFailure.NoCluster(
        $"no cluster answers: {(_place.Name is null ? "nobody" : $"'{_place.Name}' does not")} listen" +
        $"{(_place.Name is null ? "s" : "")} at {_place.Address} ({Innermost(e)}). Start it with `tangram up`");

    private CommandFailure Silent() => CommandFailure.NoCluster(
        $"the daemon at {_place.Address} accepts, and does not answer. What runs goes on. See its log, " +
        "or end it and start it again: `tangram up` adopts what runs");

    private static CommandFailure Refused(string text, int status)
    {
        try
        {
            var error = ViewJson.Read<ErrorView>(text);
            return new CommandFailure(error.Kind == ErrorView.Arguments ? Exit.Arguments : Exit.Failed, error.Error);
        }
        catch (JsonException)
        {
            return new CommandFailure(Exit.Failed, $"the daemon failed with HTTP {status}. Its log says why");
        }
    }

    private static string Innermost(Exception e) => e.GetBaseException().Message;
}
