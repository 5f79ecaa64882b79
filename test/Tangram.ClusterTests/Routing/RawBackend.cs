using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Routing;

internal enum Act
{
    /// <summary>200 with the backend's name, connection kept.</summary>
    Answer,
    Fail500,
    Fail503,
    /// <summary>Reads the whole request, then closes in order (FIN).</summary>
    Close,
    /// <summary>Reads the whole request, then resets (RST).</summary>
    Reset,
    /// <summary>Sends headers and a part of the body, then closes.</summary>
    Cut,
    /// <summary>Sends everything but the last, empty chunk, then closes.</summary>
    CutChunks,
    /// <summary>Reads the request and says nothing until the backend is released.</summary>
    Hold,
    /// <summary>As <c>Answer</c> or <c>Fail500</c>, 60 ms later.</summary>
    Late,
    LateFail500,
}

/// <summary>An HTTP/1.1 server that misbehaves on demand and counts what reaches it.</summary>
internal sealed class RawBackend : IAsyncDisposable
{
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new(), _deaf = new();
    private readonly List<Socket> _filling = [];
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<string, int, Act> _acts;
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;
    private int _requests;

    /// <param name="acts">From the request line and the number of the request on its connection (from 1) to what
    /// happens.</param>
    public RawBackend(string name, Func<string, int, Act> acts)
    {
        (Name, _acts) = (name, acts);
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen();
        _accepting = AcceptAsync();
    }

    public string Name { get; }
    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;
    public int Requests => Volatile.Read(ref _requests);
    public ConcurrentQueue<string> Heads { get; } = [];

    public void Release() => _release.TrySetResult();

    /// <summary>From now on no connection to it comes about: attempts are left without a word, as by a cut cable. Those
    /// that are open stay.</summary>
    public async Task GoDeafAsync()
    {
        await _deaf.CancelAsync();
        await _accepting;
        _listening.Listen(0);
        while (await ConnectsAsync()) { }
    }

    /// <summary>What nobody accepts fills the backlog.</summary>
    private async Task<bool> ConnectsAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _filling.Add(socket);
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        try { await socket.ConnectAsync(_listening.LocalEndPoint!, patience.Token); }
        catch (OperationCanceledException) { return false; }
        return true;
    }

    private async Task AcceptAsync()
    {
        while (!_deaf.IsCancellationRequested)
        {
            try { _connections.Add(ServeAsync(await _listening.AcceptAsync(_deaf.Token))); }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var _ = socket;
        try
        {
            for (var number = 1; await ReadRequestAsync(socket) is { } head; number++)
            {
                Heads.Enqueue(head);
                Interlocked.Increment(ref _requests);
                if (!await DoAsync(socket, _acts(head.Split("\r\n")[0], number))) return;
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException) { }
    }

    private async Task<bool> DoAsync(Socket socket, Act act)
    {
        if (act is Act.Late or Act.LateFail500)
            await Task.Delay(TimeSpan.FromMilliseconds(60), TimeProvider.System, _end.Token);
        if (act == Act.Hold) await _release.Task.WaitAsync(_end.Token);
        switch (act)
        {
            case Act.Close:
                socket.Shutdown(SocketShutdown.Both);
                return false;
            case Act.Reset:
                socket.LingerState = new LingerOption(true, 0);
                return false;
            case Act.Cut:
                await SendAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
                return false;
            case Act.CutChunks:
                await SendAsync(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
                return false;
            default:
                var status = act switch
                {
                    Act.Fail500 or Act.LateFail500 => "500 Broken",
                    Act.Fail503 => "503 Busy",
                    _ => "200 OK",
                };
                await SendAsync(socket, $"HTTP/1.1 {status}\r\nContent-Length: {Name.Length}\r\n\r\n{Name}");
                return true;
        }
    }

    private Task SendAsync(Socket socket, string text) =>
        socket.SendAsync(Encoding.ASCII.GetBytes(text), _end.Token).AsTask();

    /// <summary>The head of the next request, once its body was read too; null at the connection's end.</summary>
    private async Task<string?> ReadRequestAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && (Waits(all[..end]) || all.Length >= end + 4 + BodyLength(all[..end]))) return all[..end];
            var read = await socket.ReceiveAsync(buffer, _end.Token);
            if (read == 0) return null;
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
    }

    /// <summary>The client sends the body only when it is told to: what happens, happens at the head.</summary>
    private static bool Waits(string head) =>
        head.Contains("\r\nExpect: 100-continue", StringComparison.OrdinalIgnoreCase);

    private static int BodyLength(string head) => head.Split("\r\n")
        .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
        .Select(line => int.Parse(line["Content-Length:".Length..], CultureInfo.InvariantCulture)).FirstOrDefault();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _deaf.CancelAsync();
        _filling.ForEach(socket => socket.Dispose());
        _listening.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
    }
}
