using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Tangram.Routing.Tls;

/// <summary>Tells an authority's handshake (RFC 8737) from a client's, before it begins: only while an authority is
/// expected.</summary>
internal static class ChallengeReader
{
    private sealed record Met(ShownChallenge Challenge);

    /// <summary>Null: an ordinary client.</summary>
    public static ShownChallenge? Asked(ConnectionContext connection) => connection.Features.Get<Met>()?.Challenge;

    /// <summary>Reads the first words and leaves them for the handshake.</summary>
    public static async Task LookAsync(
        ConnectionContext connection, ShownChallenge challenge, CancellationToken cancellation)
    {
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(cancellation).ConfigureAwait(false);
                var begun = Look(read.Buffer, out var name, out var asks);
                var more = begun == Begun.More && !read.IsCompleted;
                input.AdvanceTo(read.Buffer.Start, more ? read.Buffer.End : read.Buffer.Start);
                if (more) continue;
                if (asks && name == challenge.Asked.Domain) connection.Features.Set(new Met(challenge));
                return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The handshake meets the same, and deals with it.
        }
    }

    private static Begun Look(ReadOnlySequence<byte> bytes, out string? name, out bool asks)
    {
        var protocol = ShownChallenge.Protocol.Protocol.Span;
        var length = (int)Math.Min(bytes.Length, ClientHello.Longest);
        if (bytes.IsSingleSegment) return ClientHello.Read(bytes.FirstSpan[..length], protocol, out name, out asks);
        var rented = ArrayPool<byte>.Shared.Rent(length);
        bytes.Slice(0, length).CopyTo(rented);
        var begun = ClientHello.Read(rented.AsSpan(0, length), protocol, out name, out asks);
        ArrayPool<byte>.Shared.Return(rented);
        return begun;
    }
}
