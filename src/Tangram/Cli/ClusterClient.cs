using System.Net.Sockets;
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

    private readonly HttpClient _http;
    private readonly ClusterPlace _place;

    public ClusterClient(ClusterPlace place)
    {
        _place = place;
        var overHttp = place.Address.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
                       || place.Address.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (overHttp && !Uri.TryCreate(place.Address, UriKind.Absolute, out _))
            throw CommandFailure.Arguments($"TANGRAM_HOST is '{place.Address}', which is no URL");
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (!overHttp)
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(place.Address), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri(overHttp ? place.Address : "http://tangram"), Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellation) where T : class =>
        ViewJson.Read<T>(await SendAsync(HttpMethod.Get, path, null, cancellation));

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
            using var response = await _http.SendAsync(request, limit.Token);
            var text = await response.Content.ReadAsStringAsync(limit.Token);
            return response.IsSuccessStatusCode ? text : throw Refused(text, (int)response.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ArgumentException)
        {
            throw NobodyThere(e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw CommandFailure.NoCluster($"the daemon at {_place.Address} accepts, and does not answer. What runs " +
                "goes on. See its log, or end it and start it again: `tangram up` adopts what runs");
        }
    }

    public void Dispose() => _http.Dispose();

    private CommandFailure NobodyThere(Exception e) => CommandFailure.NoCluster(
        $"no cluster answers: {(_place.Name is null ? "nobody" : $"'{_place.Name}' does not")} listen" +
        $"{(_place.Name is null ? "s" : "")} at {_place.Address} ({Innermost(e)}). Start it with `tangram up`");

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
