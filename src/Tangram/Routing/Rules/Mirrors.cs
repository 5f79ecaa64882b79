using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Features;
using Tangram.Model;
using Tangram.Routing.Tls;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing.Rules;

/// <summary>Sends copies of requests to other services, beside the requests themselves: a copy that finds no room is
/// dropped, and nobody waits for one.</summary>
internal sealed class Mirrors : IAsyncDisposable
{
    private const string Mark = "Tangram-Mirrored";

    /// <summary>On the way at once. A slow mirror holds no more connections than this.</summary>
    private const int MostSent = 32;
    private const int MostWaiting = 64;
    private const long MostBytes = 32 * 1024 * 1024;

    /// <summary>Of an answer, before its connection is given up.</summary>
    private const int MostRead = 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly Routes _routes;
    private readonly BackendClient _client;
    private readonly TimeProvider _time;
    private readonly MirrorRoom _room = new(MostBytes);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly Channel<Copy> _copies = Channel.CreateBounded<Copy>(MostWaiting);
    private Task? _sending;
    private long _dropped;

    private readonly SecuredBackends _secured;

    public Mirrors(Routes routes, BackendClient client, SecuredBackends secured, TimeProvider time) =>
        (_routes, _client, _secured, _time) = (routes, client, secured, time);

    /// <summary>Copies for which there was no room.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Copies the request, or has its body copied while it is sent. Returns at once. Streams (WebSocket, gRPC)
    /// are not copied, and neither are bodies that are too long.</summary>
    public void Offer(HttpContext context, Passage passage, MirrorSpec mirror)
    {
        var request = context.Request;
        if (RequestKey.Fraction(_routes.Chance()) >= mirror.Share || HttpView.IsUpgrade(context)
            || request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true) return;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
        {
            Enqueue(new Copy(mirror.To, passage, context, []));
            return;
        }
        if (request.ContentLength > mirror.Body) return;
        var tee = new TeeBody(request.Body, mirror.Body, _room,
            bytes => Enqueue(new Copy(mirror.To, passage, context, bytes)));
        request.Body = tee;
        passage.OnFinished(tee.GiveUp);
    }

    private void Enqueue(Copy copy)
    {
        if (_copies.Writer.TryWrite(copy))
        {
            if (Volatile.Read(ref _sending) is null) Begin();
            return;
        }
        _room.Give(copy.Bytes);
        Interlocked.Increment(ref _dropped);
    }

    /// <summary>With the first copy: most gateways have none.</summary>
    private void Begin()
    {
        lock (_gate) _sending ??= Task.WhenAll(Enumerable.Range(0, MostSent).Select(_ => Task.Run(SendAllAsync)));
    }

    private async Task SendAllAsync()
    {
        try
        {
            await foreach (var copy in _copies.Reader.ReadAllAsync(_ending.Token).ConfigureAwait(false))
            {
                try { await SendAsync(copy).ConfigureAwait(false); }
                finally { _room.Give(copy.Bytes); }
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway ends.
        }
    }

    private async Task SendAsync(Copy copy)
    {
        var tried = new Tried();
        if (_routes.Choose(copy.To, in tried) is not { } choice) return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, choice.Abandon);
        using var late = new CancellationTokenSource(Longest, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, late.Token);
        try
        {
            using var request = copy.For(_routes.Detours.UrlOf(choice.Backend));
            var via = _secured.For(choice.Backend) ?? _client;
            using var response = await via.SendAsync(request, end.Token).ConfigureAwait(false);
            await DrainAsync(response, end.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // Whatever becomes of a copy, the request that it is of has its own answer.
        }
        finally
        {
            _routes.Leave(choice.Backend);
        }
    }

    private static async Task DrainAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        var buffer = new byte[8192];
        for (var left = MostRead; left > 0;)
        {
            var read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            if (read == 0) return;
            left -= read;
        }
    }

    /// <summary>May be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _copies.Writer.TryComplete();
        Task sending;
        lock (_gate) sending = _sending ?? Task.CompletedTask;
        await sending.ConfigureAwait(false);
    }

    /// <summary>All that is needed of a request once it is over.</summary>
    private sealed class Copy
    {
        private readonly HttpRequestMessage _message;
        private readonly PathString _path;
        private readonly QueryString _query;

        public Copy(ServiceName to, Passage passage, HttpContext context, byte[] body)
        {
            (To, Bytes) = (to, body.Length);
            var request = context.Request;
            (_path, _query) = (passage.PathOf(request), request.QueryString);
            _message = new HttpRequestMessage(new HttpMethod(request.Method), (Uri?)null)
            {
                Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            if (body.Length > 0) _message.Content = new ByteArrayContent(body);
            foreach (var (name, values) in request.Headers)
                if (!HeaderRules.BelongsToConnection(name) && !name.StartsWith(':')) Add(name, values!);
            Add(Mark, "1");
        }

        public ServiceName To { get; }
        public int Bytes { get; }

        public HttpRequestMessage For(string backend)
        {
            _message.RequestUri = RequestUtilities.MakeDestinationAddress(backend, _path, _query);
            return _message;
        }

        private void Add(string name, params IEnumerable<string> values)
        {
            if (!_message.Headers.TryAddWithoutValidation(name, values))
                _message.Content?.Headers.TryAddWithoutValidation(name, values);
        }
    }
}
