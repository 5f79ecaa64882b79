using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>A client of HTTP/1.1 that sends whatever it is given.</summary>
internal sealed class RawClient : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _patience = new(Patience);
    private readonly Wire _wire;

    public RawClient() => _wire = new Wire(_socket, _patience.Token);

    public Task ConnectAsync(int port) => _socket.ConnectAsync(IPAddress.Loopback, port, _patience.Token).AsTask();

    /// <summary>False: the other side does not take it any more.</summary>
    /// <param name="text">Each character one byte.</param>
    public async Task<bool> SendAsync(string text)
    {
        try
        {
            await _socket.SendAsync(Encoding.Latin1.GetBytes(text), _patience.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The status of the next answer; 0: the end came instead.</summary>
    public async Task<int> AnswerAsync()
    {
        if (await _wire.LineAsync() is not { } line) return 0;
        Assert.Matches("^HTTP/1\\.1 [1-5][0-9][0-9]( |$)", line);
        var length = 0L;
        while (await _wire.LineAsync() is { Length: > 0 } field)
            if (field.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                length = long.Parse(field["Content-Length: ".Length..]);
        await _wire.TakeAsync(length, Stream.Null);
        return int.Parse(line.AsSpan(9, 3));
    }

    /// <summary>True once the other side has ended it.</summary>
    public Task<bool> EndsAsync() => _wire.EndsAsync();

    public void Dispose()
    {
        _socket.Dispose();
        _patience.Dispose();
    }
}
