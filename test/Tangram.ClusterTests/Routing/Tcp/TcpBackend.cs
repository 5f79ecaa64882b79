using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tangram.ClusterTests.Routing.Tcp;

/// <summary>Says its name, then says again whatever it hears, until the other end has said its last.</summary>
internal sealed class TcpBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly string _name;
    private readonly Task _accepting;

    public TcpBackend(string name)
    {
        _name = name;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
    public ConcurrentQueue<string> Heard { get; } = [];

    /// <summary>It says nothing after its name.</summary>
    public bool EndsFirst { get; set; }

    /// <summary>It cuts the connection at the first word.</summary>
    public bool Resets { get; set; }
    public X509Certificate2? Tls { get; set; }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_end.Token)));
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            using var raw = new NetworkStream(socket, ownsSocket: true);
            await using var tls = Tls is null ? null : new SslStream(raw);
            if (tls is not null) await tls.AuthenticateAsServerAsync(Tls!);
            var stream = (Stream?)tls ?? raw;
            if (!Resets) await stream.WriteAsync(Encoding.ASCII.GetBytes(_name + "\n"), _end.Token);
            if (EndsFirst) socket.Shutdown(SocketShutdown.Send);
            var buffer = new byte[1024];
            for (int got; (got = await stream.ReadAsync(buffer, _end.Token)) > 0;)
            {
                Heard.Enqueue(Encoding.Latin1.GetString(buffer, 0, got));
                if (Resets)
                {
                    socket.LingerState = new LingerOption(true, 0);
                    socket.Dispose();
                    return;
                }
                if (!EndsFirst) await stream.WriteAsync(buffer.AsMemory(0, got), _end.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // The client is gone.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        await Task.WhenAll(_connections);
        _listener.Dispose();
    }
}
