using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Tangram.Routing;

/// <summary>Takes what the PROXY protocol says of the client off the beginning of a connection.</summary>
internal static class ProxyReader
{
    /// <summary>False: it begins otherwise, ends before, or takes too long.</summary>
    public static async Task<bool> ReadAsync(ConnectionContext connection, GatewayOptions options, TimeProvider time)
    {
        using var patience = new CancellationTokenSource(options.HandshakeTime, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, connection.ConnectionClosed);
        try
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync(end.Token).ConfigureAwait(false);
                var begun = Read(read.Buffer, out var header, out var length);
                connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(length),
                    begun == Begun.More ? read.Buffer.End : read.Buffer.GetPosition(length));
                if (begun == Begun.Whole && header.Source is { } source) connection.RemoteEndPoint = source;
                if (begun != Begun.More || read.IsCompleted) return begun == Begun.Whole;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private static Begun Read(ReadOnlySequence<byte> bytes, out ProxyHeader header, out int length)
    {
        Span<byte> first = stackalloc byte[ProxyHeader.Longest];
        var known = (int)Math.Min(bytes.Length, first.Length);
        bytes.Slice(0, known).CopyTo(first);
        return ProxyHeader.Read(first[..known], out header, out length);
    }
}
