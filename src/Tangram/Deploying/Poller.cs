using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tangram.Deploying;

/// <summary>One thread that waits for any number of descriptors (exits, output of health checks). It costs nothing
/// while nothing happens.</summary>
internal sealed unsafe class Poller : IDisposable
{
    private const int Batch = 64;

    // struct epoll_event is packed on x64 only.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int Size = Packed ? 12 : 16, TokenAt = Packed ? 4 : 8;

    private readonly SafeFileHandle _epoll;
    private readonly SafeFileHandle _wakeRead, _wakeWrite;
    private readonly Dictionary<long, (int Descriptor, Action Ready)> _watched = [];
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private long _tokens;
    private volatile bool _ending;

    public Poller()
    {
        var epoll = Native.EpollCreate(Native.CloseOnExec);
        if (epoll < 0) throw new IOException($"epoll is not available: {Native.Why}");
        _epoll = new SafeFileHandle(epoll, ownsHandle: true);
        (_wakeRead, _wakeWrite) = Descriptors.Pipe();
        Add(_wakeRead.Number(), () => { });
        _thread = new Thread(Loop) { IsBackground = true, Name = "tangram-poller" };
        _thread.Start();
    }

    /// <summary>Calls <paramref name="ready"/> on the poller's thread whenever the descriptor is readable or hung up,
    /// until <see cref="Remove"/>. The callback must not block for long: others wait behind it.</summary>
    public long Add(int descriptor, Action ready)
    {
        byte* @event = stackalloc byte[16];
        var bytes = new Span<byte>(@event, 16);
        lock (_gate)
        {
            var token = ++_tokens;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, Native.EpollIn);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[TokenAt..], token);
            _watched.Add(token, (descriptor, ready));
            if (Native.EpollControl(_epoll.Number(), Native.EpollAdd, descriptor, @event) == 0) return token;
            _watched.Remove(token);
            throw new IOException($"descriptor {descriptor} cannot be waited for: {Native.Why}");
        }
    }

    /// <summary>Call it before the descriptor is closed. A callback that already runs may still end after it.</summary>
    public void Remove(long token)
    {
        byte* unused = stackalloc byte[16];
        lock (_gate)
            if (_watched.Remove(token, out var entry))
                Native.EpollControl(_epoll.Number(), Native.EpollDelete, entry.Descriptor, unused);
    }

    private void Loop()
    {
        byte* events = stackalloc byte[Batch * 16];
        while (!_ending)
        {
            var count = Native.EpollWait(_epoll.Number(), events, Batch, -1);
            for (var i = 0; i < count && !_ending; i++)
            {
                var at = new ReadOnlySpan<byte>(events + i * Size + TokenAt, 8);
                var token = BinaryPrimitives.ReadInt64LittleEndian(at);
                Action? ready;
                lock (_gate) ready = _watched.TryGetValue(token, out var entry) ? entry.Ready : null;
                ready?.Invoke();
            }
        }
    }

    public void Dispose()
    {
        if (_ending) return;
        _ending = true;
        byte wake = 0;
        Native.Write(_wakeWrite.Number(), &wake, 1);
        if (Thread.CurrentThread != _thread) _thread.Join();
        _wakeRead.Dispose();
        _wakeWrite.Dispose();
        _epoll.Dispose();
    }
}
