using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Tangram.ClusterTests.Routing.Http1;

/// <summary>A backend that does on each connection what a test says.</summary>
internal sealed class ScriptedBackend : IAsyncDisposable
{
    private int _accepted;
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<(Peer Peer, Task Task)> _connections = [];
    private readonly Func<Peer, int, Task> _script;
    private readonly TimeSpan? _patience;
    private readonly Task _accepting;

    /// <param name="script">With the number of the connection, from 1. The connection ends with it.</param>
    public ScriptedBackend(Func<Peer, int, Task> script, TimeSpan? patience = null)
    {
        (_script, _patience) = (script, patience);
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen(512);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;
    public int Connections => Volatile.Read(ref _accepted);
    public ConcurrentQueue<string> Heads { get; } = [];

    /// <summary>Says the same to every request, whose body it has read.</summary>
    public static ScriptedBackend Saying(string answer)
    {
        ScriptedBackend? backend = null;
        return backend = new ScriptedBackend(async (peer, _) =>
        {
            while (await peer.HeadAsync() is { } head)
            {
                await peer.BodyAsync(head);
                backend!.Heads.Enqueue(head);
                await peer.SendAsync(answer);
                // Only the end of the connection ends such an answer.
                if (answer.StartsWith("HTTP/1.0", StringComparison.Ordinal) || answer.Contains("close")) return;
            }
        });
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listening.AcceptAsync(_end.Token);
                socket.NoDelay = true;
                var peer = new Peer(socket, _patience);
                // Counted first: what it says may have reached somebody before the next line.
                var number = Interlocked.Increment(ref _accepted);
                _connections.Add((peer, RunAsync(peer, number)));
            }
        }
        catch (OperationCanceledException) { }
    }

    private async Task RunAsync(Peer peer, int number)
    {
        using var _ = peer;
        try { await _script(peer, number); }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException
            or ObjectDisposedException) { }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        _listening.Dispose();
        foreach (var (peer, _) in _connections) peer.Dispose();
        await Task.WhenAll(_connections.Select(c => c.Task));
    }
}
