using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>Shapes one request on its way to a backend and back, for all attempts of that request.</summary>
internal sealed class Attempt(bool safe) : HttpTransformer
{
    /// <summary>Set before each attempt: whether a bad answer may be thrown away for another try.</summary>
    public bool MayDiscard { get; set; }

    public bool Discarded { get; private set; }

    /// <summary>Of the answer; 0 while there is none.</summary>
    public int Status { get; private set; }

    public void Begin(bool mayDiscard) => (MayDiscard, Discarded, Status) = (mayDiscard, false, 0);

    public override async ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string prefix,
        CancellationToken cancellation)
    {
        await base.TransformRequestAsync(context, request, prefix, cancellation).ConfigureAwait(false);
        // SocketsHttpHandler by itself repeats a request without content when a pooled connection turns out to be closed.
        // With a content, though empty, it does not.
        if (!safe && request.Content is null && !context.WebSockets.IsWebSocketRequest) request.Content = new EmptyContent();
        var headers = request.Headers;
        var client = context.Connection.RemoteIpAddress is { } address
            ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
            : "unknown";
        Append(headers, "X-Forwarded-For", client);
        Replace(headers, "X-Forwarded-Proto", context.Request.Scheme);
        Replace(headers, "X-Forwarded-Host", context.Request.Host.Value ?? "");
    }

    public override ValueTask<bool> TransformResponseAsync(HttpContext context, HttpResponseMessage? response,
        CancellationToken cancellation)
    {
        if (response is null) return base.TransformResponseAsync(context, response, cancellation);
        Status = (int)response.StatusCode;
        if (!MayDiscard || !RetryPolicy.IsBad(Status)) return base.TransformResponseAsync(context, response, cancellation);
        Discarded = true;
        return ValueTask.FromResult(false);
    }

    private static void Append(HttpRequestHeaders headers, string name, string value)
    {
        var before = headers.TryGetValues(name, out var values) ? string.Join(", ", values) + ", " : "";
        Replace(headers, name, before + value);
    }

    private static void Replace(HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }

    private sealed class EmptyContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return true;
        }
    }
}
