using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Proving;

/// <summary>A server on a bare socket that can do what no HTTP server would: close, reset or stall at will. It
/// counts the requests that really arrived.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly Func<Socket, Request, Task> _answer;
    private readonly Task _serving;
    private int _arrived;

    /// <param name="answer">Called per request, with its number from 1 and its number on its connection from 1.</param>
    public RawServer(Func<Socket, Request, Task> answer)
    {
        _answer = answer;
        _listener.Start(1024);
        _serving = ServeAsync();
    }

    public sealed record Request(int Number, int OnConnection, string Text);

    public Uri Url => new($"http://{_listener.LocalEndpoint}/");
    public int Arrived => Volatile.Read(ref _arrived);

    public static async Task SendAsync(Socket socket, string status, string body = "") => await socket.SendAsync(
        Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n\r\n{body}"));

    public static Task Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _serving;
        _listener.Dispose();
        _over.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(AnswerAsync(await _listener.AcceptSocketAsync(_over.Token)));
        }
        catch (OperationCanceledException) { }
        await Task.WhenAll(connections);
    }

    private async Task AnswerAsync(Socket socket)
    {
        using var _ = socket;
        try
        {
            for (var nth = 1; await ReadAsync(socket) is { } text; nth++)
                await _answer(socket, new(Interlocked.Increment(ref _arrived), nth, text));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    /// <summary>A whole request with its body, which may come in several packets; null when the connection
    /// ended.</summary>
    private async Task<string?> ReadAsync(Socket socket)
    {
        var buffer = new byte[8192];
        for (var read = 0; await socket.ReceiveAsync(buffer.AsMemory(read), _over.Token) is > 0 and var count;)
        {
            var text = Encoding.ASCII.GetString(buffer, 0, read += count);
            var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head >= 0 && read >= head + 4 + BodyLength(text[..head])) return text;
        }
        return null;
    }

    private static int BodyLength(string head)
    {
        const string Name = "Content-Length: ";
        var line = head.Split("\r\n").FirstOrDefault(l => l.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return line is null ? 0 : int.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }
}
