using System.Net;

namespace Tangram.Routing;

/// <summary>A response's content of which a beginning was read already. Its headers are not repeated.</summary>
internal sealed class HeldContent(HttpContent inner, HeldStream stream) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(stream);

    protected override Task SerializeToStreamAsync(Stream target, TransportContext? context) =>
        stream.CopyToAsync(target);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
