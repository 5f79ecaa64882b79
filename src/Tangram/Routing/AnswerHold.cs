using System.Buffers;
using System.Net.Mime;

namespace Tangram.Routing;

/// <summary>Keeps a small answer back until it is whole, so that a backend which ends within it can be replaced by
/// another. Large answers and streams of events pass at once; slow ones after a moment.</summary>
internal sealed class AnswerHold(GatewayOptions options, TimeProvider time)
{
    /// <summary>True when the answer was whole in time and has been given to the client. Otherwise the content begins
    /// with what was read here, and its headers are gone. Throws what reading throws.</summary>
    public async ValueTask<bool> DeliverAsync(
        HttpContext context, HttpResponseMessage response, CancellationToken cancellation)
    {
        var length = response.Content.Headers.ContentLength;
        if (length == 0 || length > options.HoldBytes || IsEvents(response)) return false;
        var source = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var held = new HeldStream(source, ArrayPool<byte>.Shared.Rent((int)(length ?? options.HoldBytes)));
        var whole = await held.FillAsync(length, options.HoldTime, time, cancellation).ConfigureAwait(false);
        // Only where the length is given are there no trailers; HTTP/2 may have them even then.
        if (!whole || length is null || response.Version.Major > 1)
        {
            response.Content = new HeldContent(response.Content, held);
            return false;
        }
        using (held) await GiveAsync(context, held.Filled, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>A client that is gone, or does not take it, says nothing about the backend.</summary>
    private static async ValueTask GiveAsync(
        HttpContext context, ReadOnlyMemory<byte> answer, CancellationToken cancellation)
    {
        try
        {
            if (answer.Length > 0) await context.Response.Body.WriteAsync(answer, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            context.Abort();
        }
    }

    private static bool IsEvents(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == MediaTypeNames.Text.EventStream;
}
