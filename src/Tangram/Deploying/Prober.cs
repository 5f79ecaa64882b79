using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tangram.Model;

namespace Tangram.Deploying;

/// <param name="Because">A sentence when it is not ready, else empty.</param>
internal readonly record struct ProbeAnswer(bool Ready, string Because)
{
    public static readonly ProbeAnswer Yes = new(true, "");
    public static ProbeAnswer No(string because) => new(false, because);
}

/// <summary>Asks replicas on this machine whether they are ready. It runs all the time, so it is a bare socket: no
/// client, no pool, no proxy, no redirects, one short-lived connection a probe.</summary>
internal sealed class Prober(TimeProvider time)
{
    // Enough for the status line; the rest is only read so that the server is not reset in the middle of its answer.
    /// <summary>"HTTP/1.1 200" is all that matters.</summary>
    internal const int Judged = 12;

    private const int Block = 4096, MostDrained = 256 * 1024;
    private static readonly TimeSpan MostDraining = TimeSpan.FromMilliseconds(100);

    /// <summary>TCP: it accepts. HTTP: it answers GET with 2xx or 3xx. Never throws but for cancellation.</summary>
    public async Task<ProbeAnswer> ProbeAsync(
        ProbeSpec probe, int port, TimeSpan timeout, CancellationToken cancellation)
    {
        using var expiry = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, cancellation);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, either.Token);
            if (probe is { Kind: ProbeKind.Http, ServerName: { } name })
                return await SecureProbe.GetAsync(socket, probe.Path, port, name, either.Token);
            return probe.Kind == ProbeKind.Tcp
                ? ProbeAnswer.Yes
                : await GetAsync(socket, probe.Path, port, either.Token);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return ProbeAnswer.No($"nothing listens on port {port}");
        }
        catch (SocketException e)
        {
            return ProbeAnswer.No($"port {port}: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ProbeAnswer.No($"no answer on port {port} within {timeout.TotalSeconds:0.###} s");
        }
    }

    private async Task<ProbeAnswer> GetAsync(Socket socket, string path, int port, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            var length = Request(path, port, buffer);
            for (var sent = 0; sent < length;)
                sent += await socket.SendAsync(buffer.AsMemory(sent, length - sent), cancellation);
            var filled = 0;
            while (filled < Judged)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(filled, Block - filled), cancellation);
                if (read == 0) return ProbeAnswer.No($"port {port} closed the connection without an answer");
                filled += read;
            }
            var answer = Judge(buffer.AsSpan(0, Judged), path);
            await DrainAsync(socket, buffer, cancellation);
            return answer;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    internal static int Request(string path, int port, byte[] buffer)
    {
        var text = $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: tangram-probe\r\nAccept: */*\r\n"
                   + "Connection: close\r\n\r\n";
        return Encoding.ASCII.TryGetBytes(text, buffer, out var length)
            ? length
            : throw new ArgumentException($"the probe's path is longer than {Block} bytes", nameof(path));
    }

    internal static ProbeAnswer Judge(ReadOnlySpan<byte> line, string path) => line.StartsWith("HTTP/1."u8) switch
    {
        true when line[9] is (byte)'2' or (byte)'3' => ProbeAnswer.Yes,
        true => ProbeAnswer.No($"GET {path} answered {Encoding.ASCII.GetString(line[9..])}"),
        false => ProbeAnswer.No($"GET {path} was not answered in HTTP"),
    };

    private async Task DrainAsync(Socket socket, byte[] buffer, CancellationToken cancellation)
    {
        using var expiry = new CancellationTokenSource(MostDraining, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, cancellation);
        try
        {
            for (var drained = 0; drained < MostDrained;)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(0, Block), either.Token);
                if (read == 0) return;
                drained += read;
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The answer is known; how the connection ends does not change it.
        }
    }
}
