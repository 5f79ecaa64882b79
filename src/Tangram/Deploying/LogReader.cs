using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Tangram.Model;

namespace Tangram.Deploying;

/// <param name="Offset">Of the line's first byte in the replica's whole output.</param>
/// <param name="Text">Without the line end. Bytes that are no UTF-8 show as U+FFFD.</param>
/// <param name="Next">Where to go on reading.</param>
/// <param name="Whole">False: the line goes on in the next one, because it is longer than a piece may be.</param>
internal readonly record struct LogLine(long Offset, string Text, long Next, bool Whole);

/// <summary>Reads a replica's log line by line, across its rotated parts, in memory that does not grow with the log or
/// with its longest line.</summary>
internal sealed class LogReader(LogFiles logs, TimeProvider time)
{
    /// <summary>Longer lines come in pieces of this many bytes.</summary>
    public const int LongestPiece = 64 * 1024;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    /// <summary>Where the last <paramref name="lines"/> lines begin; a last line without its end counts as
    /// one.</summary>
    public long OffsetOfLast(ReplicaName replica, int lines)
    {
        var log = logs.Of(replica);
        var (start, end) = (log.Start(), log.End());
        if (lines <= 0) return end;
        var buffer = ArrayPool<byte>.Shared.Rent(LongestPiece);
        try
        {
            var left = lines;
            for (var at = end; at > start;)
            {
                var from = Math.Max(start, at - LongestPiece);
                var read = ReadFully(log, from, buffer.AsSpan(0, (int)(at - from)));
                for (var i = read - 1; i >= 0; i--)
                    // The end of the very last line does not begin another.
                    if (buffer[i] == '\n' && from + i != end - 1 && --left == 0) return from + i + 1;
                at = from;
            }
            return start;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Lines from an offset on, or from the oldest byte that is kept when that is later. With
    /// <paramref name="follow"/> it waits for more until cancelled; otherwise it ends at the end, and a last line
    /// without its end is given as it stands.</summary>
    public async IAsyncEnumerable<LogLine> ReadAsync(ReplicaName replica, long from, bool follow,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var log = logs.Of(replica);
        var piece = new byte[LongestPiece];
        var (begin, filled) = (Math.Max(from, log.Start()), 0);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var at = begin + filled;
            var read = Read(log, ref at, piece.AsSpan(filled));
            // Rotation overtook us: what was kept back of a line is gone with its rest.
            if (at != begin + filled) (begin, filled) = (at, Shift(piece, filled, read));
            else filled += read;
            if (read == 0)
            {
                if (!follow) break;
                await Task.Delay(Every, time, cancellation);
                continue;
            }
            var done = 0;
            for (int length; (length = piece.AsSpan(done, filled - done).IndexOf((byte)'\n')) >= 0; done += length + 1)
                yield return Line(piece, done, length, begin, 1);
            if (done == 0 && filled == LongestPiece) yield return Line(piece, 0, done = filled, begin, 0);
            piece.AsSpan(done, filled - done).CopyTo(piece);
            (begin, filled) = (begin + done, filled - done);
        }
        if (filled > 0) yield return Line(piece, 0, filled, begin, 0) with { Whole = true };
    }

    private static LogLine Line(byte[] piece, int at, int length, long begin, int end)
    {
        var crlf = end > 0 && length > 0 && piece[at + length - 1] == '\r';
        var text = Encoding.UTF8.GetString(piece, at, crlf ? length - 1 : length);
        return new LogLine(begin + at, text, begin + at + length + end, Whole: end > 0);
    }

    private static int Shift(byte[] piece, int filled, int read)
    {
        piece.AsSpan(filled, read).CopyTo(piece);
        return read;
    }

    private static int ReadFully(LogFile log, long from, Span<byte> into)
    {
        var done = 0;
        while (done < into.Length)
        {
            var at = from + done;
            var read = Read(log, ref at, into[done..]);
            if (read == 0 || at != from + done) break;
            done += read;
        }
        return done;
    }

    /// <summary>Reads from whichever file holds the offset. Moves the offset up when what stood there is kept no
    /// more.</summary>
    private static int Read(LogFile log, ref long at, Span<byte> into)
    {
        // Each round can lose a race against one rotation.
        for (var round = 0; round < 5; round++)
        {
            var parts = log.Parts();
            var offset = at;
            var found = parts.FindIndex(part => offset < part.End);
            try
            {
                if (found >= 0)
                {
                    at = Math.Max(at, parts[found].Offset);
                    using var part = File.OpenHandle(parts[found].Path, share: FileShare.ReadWrite | FileShare.Delete);
                    return RandomAccess.Read(part, into, at - parts[found].Offset);
                }
                var origin = log.Base();
                at = Math.Max(at, Math.Max(origin, parts is [.., var newest] ? newest.End : 0));
                using var live = File.OpenHandle(log.LivePath, share: FileShare.ReadWrite | FileShare.Delete);
                var read = RandomAccess.Read(live, into, at - origin);
                // A part is in place before its bytes are punched out: if none has come, what was read is true.
                offset = at;
                if (log.Base() == origin && !log.Parts().Exists(part => offset < part.End)) return read;
            }
            catch (FileNotFoundException)
            {
                if (!File.Exists(log.LivePath)) return 0;
            }
        }
        return 0;
    }
}
