using System.Net;
using System.Net.Sockets;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>A wire between a client and a server that can be made to lose answers, or be cut.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _to;
    private readonly CancellationTokenSource _closing = new();
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _tasks = [];
    private volatile bool _swallows;

    public Relay(int to)
    {
        _to = to;
        _listener.Start();
        _tasks.Add(AcceptAsync());
    }

    public string Endpoint => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>From now on requests arrive and answers do not.</summary>
    public void SwallowAnswers() => _swallows = true;

    /// <summary>Accepts nothing more and resets all connections.</summary>
    public void Cut()
    {
        _listener.Stop();
        lock (_sockets)
        {
            // Closing without lingering is a reset.
            foreach (var socket in _sockets) socket.Close(0);
            _sockets.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Cut();
        Task[] tasks;
        lock (_sockets) tasks = [.. _tasks];
        await Task.WhenAll(tasks);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_closing.Token);
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(IPAddress.Loopback, _to, _closing.Token);
                lock (_sockets)
                {
                    _sockets.AddRange([client, server]);
                    _tasks.AddRange([CopyAsync(client, server, false), CopyAsync(server, client, true)]);
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool answers)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _closing.Token) is var read and > 0)
            {
                if (answers && _swallows) continue;
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _closing.Token);
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }
}
