using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tangram.Routing.Http1;

/// <summary>Sends a request that has a body, as it comes.</summary>
internal static class RequestBody
{
    private const int Piece = 32 * 1024;

    /// <summary>"7FFF" and CR LF.</summary>
    private const int Prefix = 6;

    /// <summary>A first piece up to this size goes together with the head.</summary>
    private const int Small = 8 * 1024;
    private static readonly byte[] Last = "0\r\n\r\n"u8.ToArray();

    /// <summary>The head waits this long for the body's beginning: what the client sent wrongly then never begins to
    /// arrive, and most requests are one packet.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    /// <returns>True when all of it was sent; false when the backend does not take it any more.</returns>
    /// <exception cref="IOException">The client does not send it.</exception>
    /// <exception cref="OperationCanceledException">It is not wanted any more, or the client is gone.</exception>
    public static async Task<bool> SendAsync(
        BackendConnection connection, Stream body, bool chunked, TimeProvider time, CancellationToken unwanted)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Prefix + Piece + 2);
        // No read is under way when it is given back, or the next owner would find a stranger's bytes in it.
        try
        {
            var first = body.ReadAsync(buffer.AsMemory(Prefix, Piece), unwanted);
            if (!first.IsCompleted)
            {
                var reading = first.AsTask();
                first = new ValueTask<int>(reading);
                await Task.WhenAny(reading, Task.Delay(Wait, time, CancellationToken.None)).ConfigureAwait(false);
            }
            var isEarly = first.IsCompleted;
            var isTaken = isEarly || await TrySendAsync(connection, connection.Out.Written).ConfigureAwait(false);
            var read = await first.ConfigureAwait(false);
            if (isEarly)
                isTaken = await SendFirstAsync(connection, Framed(buffer, read, chunked)).ConfigureAwait(false);
            else if (read > 0 && isTaken)
                isTaken = await TrySendAsync(connection, Framed(buffer, read, chunked)).ConfigureAwait(false);
            while (read > 0 && isTaken)
            {
                read = await body.ReadAsync(buffer.AsMemory(Prefix, Piece), unwanted).ConfigureAwait(false);
                isTaken = read == 0
                    || await TrySendAsync(connection, Framed(buffer, read, chunked)).ConfigureAwait(false);
            }
            return isTaken && (!chunked || await TrySendAsync(connection, Last).ConfigureAwait(false));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<bool> SendFirstAsync(BackendConnection connection, ReadOnlyMemory<byte> piece)
    {
        var isSmall = piece.Length <= Small;
        if (isSmall) connection.Out.Add(piece.Span);
        return await TrySendAsync(connection, connection.Out.Written).ConfigureAwait(false)
            && (isSmall || await TrySendAsync(connection, piece).ConfigureAwait(false));
    }

    private static async ValueTask<bool> TrySendAsync(BackendConnection connection, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await connection.SendAsync(bytes).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static ReadOnlyMemory<byte> Framed(byte[] buffer, int length, bool chunked)
    {
        if (!chunked) return buffer.AsMemory(Prefix, length);
        if (length == 0) return default;
        Encoding.ASCII.GetBytes(length.ToString("X4", CultureInfo.InvariantCulture), buffer);
        "\r\n"u8.CopyTo(buffer.AsSpan(Prefix - 2));
        "\r\n"u8.CopyTo(buffer.AsSpan(Prefix + length));
        return buffer.AsMemory(0, Prefix + length + 2);
    }
}
