using System.Net.Sockets;
using System.Threading.Channels;
using Tangram.Model;

namespace Tangram.Proving.Faults.Streams;

/// <summary>One way of one connection: takes what comes, and passes it on when and as its path lets it.</summary>
internal sealed class StreamPump(
    Socket from, Socket to, StreamDirection way, ImpairedPath path, ImpairedAnswers? answers)
{
    /// <summary>How much may wait, as the windows and queues of a network do; then the sender has to wait.</summary>
    private const int MostWaiting = 64;

    private const int Room = 16 * 1024;

    /// <param name="Held">Its way was struck when it came.</param>
    private readonly record struct Parcel(byte[] Bytes, Instant Came, Instant? Due, bool Held, bool Ends);

    private readonly Channel<Parcel> _waiting = Channel.CreateBounded<Parcel>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true, SingleWriter = true });
    private Instant _last;

    /// <summary>Takes what comes; it ends when its connection does, and never fails.</summary>
    public Task Taking { get; private set; } = Task.CompletedTask;

    /// <summary>Done when all has passed. True: the connection ends with it.</summary>
    public async Task<bool> RunAsync(CancellationToken cut)
    {
        Taking = TakeAsync(cut);
        var ends = false;
        await foreach (var parcel in _waiting.Reader.ReadAllAsync(cut).ConfigureAwait(false))
        {
            await path.UntilAsync(parcel.Due).ConfigureAwait(false);
            for (var sent = 0; sent < parcel.Bytes.Length;)
                sent += await to.SendAsync(parcel.Bytes.AsMemory(sent), cut).ConfigureAwait(false);
            path.Tally.Passed(path, way, parcel.Bytes.Length,
                parcel.Held && path.InForce ? path.Now - parcel.Came : null);
            if (ends = parcel.Ends) break;
        }
        to.Shutdown(SocketShutdown.Send);
        return ends;
    }

    private async Task TakeAsync(CancellationToken cut)
    {
        try
        {
            var room = new byte[Room];
            while (await from.ReceiveAsync(room, cut).ConfigureAwait(false) is > 0 and var received)
            {
                for (var at = 0; at < received; at += ImpairedStream.Piece)
                    await GiveAsync(room.AsMemory(at, Math.Min(ImpairedStream.Piece, received - at)), cut)
                        .ConfigureAwait(false);
            }
            // The end is no faster than what came before it; it is as a piece of one byte.
            await _waiting.Writer.WriteAsync(new Parcel([], path.Now, path.Pass(way, 1).Due is { } due
                ? Ordered(due) : null, false, false), cut).ConfigureAwait(false);
            _waiting.Writer.TryComplete();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            _waiting.Writer.TryComplete(e);
        }
    }

    private ValueTask GiveAsync(ReadOnlyMemory<byte> piece, CancellationToken cut)
    {
        var (now, isStruck) = (path.Now, path.Strikes(way));
        if (answers is not null) return _waiting.Writer.WriteAsync(Answer(piece.Span, now), cut);
        var passage = path.Pass(way, piece.Length);
        var bytes = piece.ToArray();
        if (passage.Wrong is { } at) bytes[at] ^= passage.Mask;
        if (isStruck)
            path.Tally.Count(f => f with
            {
                Sent = f.Sent + 1 + passage.Lost, Lost = f.Lost + passage.Lost,
                Wrong = f.Wrong + (passage.Wrong is null ? 0 : 1),
                Withheld = f.Withheld + (passage.Due is null ? bytes.Length : 0),
            });
        return _waiting.Writer.WriteAsync(new Parcel(bytes, now, passage.Due is { } due ? Ordered(due) : null,
            isStruck, false), cut);
    }

    private Parcel Answer(ReadOnlySpan<byte> bytes, Instant now)
    {
        lock (answers!)
        {
            if (way == StreamDirection.To)
            {
                answers.Ask(bytes, path.InForce);
                return new Parcel(bytes.ToArray(), now, now, false, false);
            }
            var before = answers.Answers;
            var part = answers.Answer(bytes);
            var begun = answers.Answers - before;
            path.Tally.Count(f => f with
            {
                Answers = f.Answers + begun, Struck = f.Struck + (part.Struck ? 1 : 0),
            });
            return new Parcel(part.Instead ?? bytes[..part.Keep].ToArray(), now,
                Ordered(part.Late ? path.LateUntil : now), part.Late, part.Ends);
        }
    }

    private Instant Ordered(Instant due) => _last = ImpairedStream.InOrder(due, _last);
}
