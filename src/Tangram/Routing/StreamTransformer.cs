using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>The forwarder's view of one request that is a stream: a WebSocket or gRPC.</summary>
internal sealed class StreamTransformer(Exchange exchange) : HttpTransformer
{
    public override async ValueTask TransformRequestAsync(
        HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellation)
    {
        await base.TransformRequestAsync(context, request, destinationPrefix, cancellation).ConfigureAwait(false);
        request.RequestUri = RequestUtilities.MakeDestinationAddress(
            destinationPrefix, exchange.PathOf(context), context.Request.QueryString);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext context, HttpResponseMessage? response, CancellationToken cancellation)
    {
        if (response is null || !exchange.Keeps((int)response.StatusCode)) return false;
        var deliver = await base.TransformResponseAsync(context, response, cancellation).ConfigureAwait(false);
        exchange.Dress(context);
        return deliver;
    }
}
