using System.Buffers;
using System.Net.Mime;

namespace Tangram.Routing;

/// <summary>Keeps a small answer back until it is whole, so that a backend which ends within it can be replaced by
/// another. Large answers and streams of events pass at once; slow ones after a moment.</summary>
internal sealed class AnswerHold(GatewayOptions options, TimeProvider time)
{
    /// <summary>Afterwards the content begins with what was read here, and its headers are gone. Throws what reading
    /// throws.</summary>
    public async ValueTask WaitAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var length = response.Content.Headers.ContentLength;
        if (length == 0 || length > options.HoldBytes || IsEvents(response)) return;
        var source = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var held = new HeldStream(source, ArrayPool<byte>.Shared.Rent((int)(length ?? options.HoldBytes)));
        response.Content = new HeldContent(response.Content, held);
        await held.FillAsync(options.HoldTime, time, cancellation).ConfigureAwait(false);
    }

    private static bool IsEvents(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == MediaTypeNames.Text.EventStream;
}
