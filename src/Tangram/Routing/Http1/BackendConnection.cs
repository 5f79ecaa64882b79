using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Tangram.Routing.Sockets;

namespace Tangram.Routing.Http1;

/// <summary>Who ended a connection before its answer was whole.</summary>
/// <remarks><c>Answer</c>: the rest of its request is not wanted any more.</remarks>
internal enum CutBy { Nobody, Client, Death, Unreachable, Deadline, Silence, Answer }

/// <summary>A connection to a backend, with what it received and was not taken yet. One request at a time uses it; only
/// <see cref="Cut"/> may be called by others.</summary>
internal sealed class BackendConnection : IDisposable
{
    /// <summary>Room for the head of most answers and all of the small ones.</summary>
    private const int Small = 8 * 1024;
    private const int Large = 64 * 1024;

    private readonly PolledSocket _socket;
    private readonly ConnectionWatch _watch;
    private readonly byte[] _small = GC.AllocateUninitializedArray<byte>(Small);
    private byte[] _in;
    private int _start, _end, _cut, _movedAt;
    private readonly Stream? _secure;
    private ValueTask _ahead;
    private Task<int>? _reading;
    private bool _isAhead;
    private volatile bool _isIdle;

    /// <param name="secure">TLS on this socket; null: without.</param>
    public BackendConnection(PolledSocket socket, BackendPool pool, ConnectionWatch watch, Stream? secure = null)
    {
        (_socket, Pool, _watch, _secure, _in) = (socket, pool, watch, secure, _small);
        Moved();
        watch.Add(this);
    }

    public AnswerHead Head { get; } = new();
    public OutBuffer Out { get; } = new();

    /// <summary>Received and not taken.</summary>
    public ReadOnlyMemory<byte> Unread => _in.AsMemory(_start, _end - _start);

    /// <summary>It ended by an error and not in order.</summary>
    public bool Failed { get; private set; }
    public CutBy EndedBy => (CutBy)Volatile.Read(ref _cut);

    /// <summary>By the clock of <see cref="ConnectionWatch"/>.</summary>
    public int MovedAt => Volatile.Read(ref _movedAt);
    public bool IsIdle => _isIdle;
    public BackendPool Pool { get; }

    /// <summary>Of its pool when it was made, see <see cref="BackendPool.Turn"/>.</summary>
    public int Turn { get; init; }

    /// <summary>Where its answer goes now: when the connection is cut, nobody waits for a client that does not take
    /// it.</summary>
    public PipeWriter? Client { get; set => Volatile.Write(ref field, value); }

    /// <summary>Nothing came while nothing was asked: it is open, as far as one can know.</summary>
    public bool Quiet => !_socket.IsReadable && EndedBy == CutBy.Nobody;

    public void Moved() => Volatile.Write(ref _movedAt, _watch.Now);

    public void Take(int bytes) => _start += bytes;

    public void Begin()
    {
        // In this order: the time for which it was idle is no silence of a backend.
        Moved();
        _isIdle = false;
    }

    /// <summary>The answer is whole and nothing is left of it.</summary>
    public void Rest()
    {
        (_start, _end) = (0, 0);
        GiveBack();
        Moved();
        _isIdle = true;
    }

    /// <summary>Done when <see cref="FillAsync"/> does not wait.</summary>
    public ValueTask ReadableAsync()
    {
        if (_secure is not null) return new ValueTask(_reading ??= _secure.ReadAsync(Room()).AsTask());
        if (!_isAhead) return _socket.ReadableAsync();
        _isAhead = false;
        return _ahead;
    }

    /// <summary>What <see cref="ReadableAsync"/> began is waited for by the next who waits.</summary>
    public void Keep(ValueTask readable)
    {
        if (_secure is null) (_ahead, _isAhead) = (readable, true);
    }

    /// <summary>Receives more. False at the end, however it came.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync()
    {
        try
        {
            while (true)
            {
                int received;
                if (_secure is { } secure)
                {
                    received = await (_reading is { } begun ? new ValueTask<int>(begun) : secure.ReadAsync(Room()))
                        .ConfigureAwait(false);
                    _reading = null;
                }
                else
                {
                    await ReadableAsync().ConfigureAwait(false);
                    received = _socket.TryReceive(Room().Span);
                }
                if (received == Calls.NotNow) continue;
                _end += received;
                Moved();
                return received > 0;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            Failed = true;
            return false;
        }
    }

    /// <summary>Makes it take more at once; for answers that are long.</summary>
    public void Widen()
    {
        if (_in.Length < Large) Grow(Large);
    }

    /// <exception cref="SocketException">It has ended; so did what waits for the answer.</exception>
    /// <exception cref="ObjectDisposedException">It was cut.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        Moved();
        return _secure is null ? _socket.SendAsync(bytes) : SecuredAsync(_secure, bytes);
    }

    /// <summary>TLS has words of its own for a socket's end.</summary>
    private static async ValueTask SecuredAsync(Stream secure, ReadOnlyMemory<byte> bytes)
    {
        try { await secure.WriteAsync(bytes).ConfigureAwait(false); }
        catch (IOException e)
        {
            throw e.InnerException as SocketException ?? new SocketException((int)SocketError.ConnectionReset);
        }
    }

    /// <summary>Ends it from outside. The first who does is remembered.</summary>
    public void Cut(CutBy by)
    {
        if (Interlocked.CompareExchange(ref _cut, (int)by, (int)CutBy.Nobody) != (int)CutBy.Nobody) return;
        _socket.Dispose();
        Client?.CancelPendingFlush();
    }

    public void Dispose()
    {
        _watch.Remove(this);
        _socket.Dispose();
        // What is under way may still write to it.
        if (_reading is { IsCompleted: false }) return;
        GiveBack();
    }

    private Memory<byte> Room()
    {
        if (_start == _end) (_start, _end) = (0, 0);
        if (_end == _in.Length) Grow(_start > 0 ? _in.Length : _in.Length * 2);
        return _in.AsMemory(_end);
    }

    private void Grow(int size)
    {
        if (size == _in.Length) Unread.CopyTo(_in);
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(size);
            Unread.CopyTo(larger);
            GiveBack();
            _in = larger;
        }
        (_start, _end) = (0, _end - _start);
    }

    private void GiveBack()
    {
        if (ReferenceEquals(_in, _small)) return;
        ArrayPool<byte>.Shared.Return(_in);
        _in = _small;
    }
}
