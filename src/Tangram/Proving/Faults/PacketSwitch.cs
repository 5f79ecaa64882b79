using Microsoft.Win32.SafeHandles;
using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Proving.Faults;

/// <summary>Reads packets from a device, has a bad link decide about each, and sends them on when they are due. One
/// thread does it all, so that order is kept.</summary>
internal sealed unsafe class PacketSwitch(
    SafeFileHandle tun, SafeFileHandle raw, LinkSpec asked, ulong seed, int mtu, TimeProvider time) : IDisposable
{
    /// <summary>Of all that waits; a gigabit for half a second. What comes on top is lost.</summary>
    private const int MostBytes = 64 << 20;

    /// <summary>Read one after the other before what is due is sent.</summary>
    private const int MostAtOnce = 32;

    private const int ShortestHead = 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private sealed record Waiting(byte[] Packet, int Length, LinkCopy Copy, Instant Read);

    private readonly ImpairedLink _link = new(asked, new Rng(seed));
    private readonly PriorityQueue<Waiting, (Instant At, long Number)> _waiting = new();
    private readonly List<LinkCopy> _copies = [];
    private readonly byte[] _read = new byte[Math.Max(mtu, 576) + 64];
    private readonly PacketCounts _counts = new();
    private readonly MonotonicClock _clock = new(time);
    private Thread? _thread;
    private Instant _begun;
    private long _number;
    private int _bytes;
    private volatile bool _over;

    public void Start()
    {
        _begun = _clock.Now;
        _thread = new Thread(Run) { IsBackground = true, Name = "packets" };
        _thread.Start();
    }

    /// <summary>What still waits is sent at once, in its order.</summary>
    public PacketCounts Stop()
    {
        _over = true;
        _thread?.Join();
        return _counts;
    }

    public void Dispose()
    {
        Stop();
        tun.Dispose();
        raw.Dispose();
    }

    private void Run()
    {
        while (!_over)
        {
            if (PacketNative.Wait(tun.Number(), UntilNext())) ReadSome();
            SendDue(_clock.Now);
        }
        ReadSome();
        while (_waiting.TryDequeue(out var next, out _)) Send(next, _clock.Now);
    }

    private TimeSpan UntilNext()
    {
        if (!_waiting.TryPeek(out _, out var first)) return LookEvery;
        var left = first.At - _clock.Now;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < LookEvery ? left : LookEvery;
    }

    private void ReadSome()
    {
        fixed (byte* into = _read)
            for (var i = 0; i < MostAtOnce; i++)
            {
                var length = (int)Native.Read(tun.Number(), into, _read.Length);
                if (length <= 0) return;
                Take(_read.AsSpan(0, length), _clock.Now);
            }
    }

    private void Take(ReadOnlySpan<byte> packet, Instant now)
    {
        var head = (packet[0] & 15) * 4;
        // The kernel asks for routers in IPv6 when a device comes up; nobody needs an answer.
        if (packet[0] >> 4 != 4 || packet.Length < ShortestHead || head > packet.Length) return;
        _copies.Clear();
        var fate = _bytes + packet.Length > MostBytes ? LinkFate.Full
            : _link.Decide(packet.Length, head, now, _copies);
        _counts.Took(fate);
        if (_copies.Count > 1) _counts.Doubled++;
        foreach (var copy in _copies)
        {
            if (copy.Late) _counts.Late++;
            _waiting.Enqueue(new Waiting(packet.ToArray(), packet.Length, copy, now), (copy.At, _number++));
            _bytes += packet.Length;
        }
    }

    private void SendDue(Instant now)
    {
        while (_waiting.TryPeek(out _, out var first) && first.At <= now)
            Send(_waiting.Dequeue(), _clock.Now);
    }

    private void Send(Waiting next, Instant now)
    {
        _bytes -= next.Length;
        if (next.Copy.Corrupt >= 0)
        {
            next.Packet[next.Copy.Corrupt] ^= next.Copy.Bit;
            _counts.Corrupted++;
        }
        fixed (byte* packet = next.Packet)
            if (PacketNative.Send(raw.Number(), packet, next.Length))
                _counts.Passed(next.Length, now - next.Read, now - _begun);
            else _counts.Refused++;
    }
}
