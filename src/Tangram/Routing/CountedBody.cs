using Tangram.Model;

namespace Tangram.Routing;

/// <summary>A request's body that knows how much of it was taken: what was taken cannot be sent to another
/// backend.</summary>
internal sealed class CountedBody(Stream body, Routes routes) : ReadingStream
{
    public long Taken { get; private set; }

    /// <summary>When the client sent something last: an answer is not late as long as its request still
    /// comes.</summary>
    public Instant LastRead { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Taken += read;
        LastRead = routes.Now;
        return read;
    }
}
