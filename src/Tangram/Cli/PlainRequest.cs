using System.Net.Sockets;
using System.Text;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>A GET over a unix socket that is answered at once. HTTP/1.0, so the answer is a head, a body and the end of
/// the connection. The platform's client is for everything else: starting it takes longer than a whole look.</summary>
internal sealed record PlainRequest(int Status, string? Stale, string Body)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>A view of 100,000 replicas is a tenth of it.</summary>
    private const int Largest = 256 << 20;

    /// <summary>Throws <see cref="IOException"/> or <see cref="SocketException"/> when nobody answers in HTTP, and
    /// <see cref="TimeoutException"/> when somebody accepts and says nothing.</summary>
    public static PlainRequest Get(string socket, string path)
    {
        using var line = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        line.ReceiveTimeout = line.SendTimeout = (int)Patience.TotalMilliseconds;
        line.Connect(new UnixDomainSocketEndPoint(socket));
        var said = new MemoryStream();
        try
        {
            line.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.0\r\nHost: tangram\r\n\r\n"));
            var part = new byte[64 * 1024];
            while (said.Length < Largest && line.Receive(part) is > 0 and var count) said.Write(part, 0, count);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw new TimeoutException(e.Message, e);
        }
        return Read(Encoding.UTF8.GetString(said.GetBuffer(), 0, (int)said.Length));
    }

    internal static PlainRequest Read(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var head = end < 0 ? [] : answer[..end].Split("\r\n");
        if (head is not [var first, ..] || !first.StartsWith("HTTP/1.", StringComparison.Ordinal)
            || first.Split(' ') is not [_, var code, ..] || !int.TryParse(code, out var status))
            throw new IOException("what answers there does not speak HTTP");
        var body = answer[(end + 4)..];
        if (int.TryParse(Value(head, "Content-Length"), out var length) && length != Encoding.UTF8.GetByteCount(body))
            throw new IOException("the answer ended before its end");
        return new PlainRequest(status, Value(head, ApiAnswers.StaleHeader), body);
    }

    private static string? Value(string[] head, string name) =>
        Array.Find(head, line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            ?[(name.Length + 1)..].Trim();
}
