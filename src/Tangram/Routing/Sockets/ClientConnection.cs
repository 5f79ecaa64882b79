using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Tangram.Routing.Sockets;

/// <summary>A client's connection as Kestrel wants it: two pipes, filled from the socket and emptied to it.</summary>
internal sealed class ClientConnection : DefaultConnectionContext, IMemoryPoolFeature
{
    /// <summary>What was received and is not read yet; more is not taken from the client.</summary>
    private const long MostUnread = 1024 * 1024;

    /// <summary>What was written and is not sent yet; whoever writes more waits.</summary>
    private const long MostUnsent = 64 * 1024;

    /// <summary>Worth a call to receive.</summary>
    private const int LeastRoom = 2048;

    /// <summary>A client that has said all it will say gets this long until its request counts as given up: what it
    /// said is read first, and answered if that is quick.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    private static long _last;

    private readonly PolledSocket _socket;
    private readonly PipeWriter _input;
    private readonly PipeReader _output;
    private readonly CancellationTokenSource _closed = new();
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _working = Task.CompletedTask;

    public ClientConnection(PolledSocket socket, MemoryPool<byte> pool, TimeProvider time)
        : base($"c{Interlocked.Increment(ref _last)}")
    {
        (_socket, MemoryPool, _time) = (socket, pool, time);
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        var input = new Pipe(Options(pool, MostUnread));
        var output = new Pipe(Options(pool, MostUnsent));
        (_input, _output) = (input.Writer, output.Reader);
        Transport = new Duplex(input.Reader, output.Writer);
        ConnectionClosed = _closed.Token;
        Features.Set<IMemoryPoolFeature>(this);
    }

    public MemoryPool<byte> MemoryPool { get; }

    public void Start() => _working = Task.WhenAll(ReceiveAsync(), SendAsync());

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _socket.Shutdown();
        _output.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync().ConfigureAwait(false);
        await Transport.Output.CompleteAsync().ConfigureAwait(false);
        _ending.TrySetResult();
        await _working.ConfigureAwait(false);
        _closed.Dispose();
    }

    private async Task ReceiveAsync()
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                // Only once something is there is room kept for it.
                await _socket.ReadableAsync().ConfigureAwait(false);
                var received = _socket.TryReceive(_input.GetSpan(LeastRoom));
                if (received == Calls.NotNow) continue;
                if (received == 0) break;
                _input.Advance(received);
                var flushed = await _input.FlushAsync().ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled) break;
            }
        }
        catch (SocketException e)
        {
            error = new ConnectionResetException(e.Message, e);
        }
        catch (ObjectDisposedException)
        {
            error = new ConnectionAbortedException();
        }
        await _input.CompleteAsync(error).ConfigureAwait(false);
        if (error is null) await Task.WhenAny(_ending.Task, Task.Delay(Grace, _time)).ConfigureAwait(false);
        ThreadPool.UnsafeQueueUserWorkItem(static one => one.TellClosed(), this, preferLocal: false);
        await _told.Task.ConfigureAwait(false);
    }

    private void TellClosed()
    {
        try { _closed.Cancel(); }
        finally { _told.TrySetResult(); }
    }

    private async Task SendAsync()
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                var read = await _output.ReadAsync().ConfigureAwait(false);
                if (read.IsCanceled) break;
                if (read.Buffer.IsSingleSegment) await _socket.SendAsync(read.Buffer.First).ConfigureAwait(false);
                else await _socket.SendAsync(read.Buffer).ConfigureAwait(false);
                _output.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            error = new ConnectionAbortedException(e.Message, e);
        }
        _socket.Shutdown();
        await _output.CompleteAsync(error).ConfigureAwait(false);
        _input.CancelPendingFlush();
    }

    private static PipeOptions Options(MemoryPool<byte> pool, long most) => new(
        pool, PipeScheduler.Inline, PipeScheduler.Inline, most, most / 2, useSynchronizationContext: false);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
