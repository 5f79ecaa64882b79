using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>What a backend got of one request.</summary>
/// <param name="Head">The request line and the fields, without the empty line.</param>
/// <param name="IsWhole">Its end came too.</param>
internal sealed record Arrival(string Head, byte[] Body, bool IsWhole);

/// <summary>A backend that understands nothing but the plainest form of HTTP/1.1, so that two readers of what it gets
/// cannot differ: anything else is a fault. It answers every request 200.</summary>
internal sealed partial class WireBackend : IAsyncDisposable
{
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly ConcurrentDictionary<Socket, bool> _sockets = [];
    private readonly Task _accepting;
    private readonly string _answer;
    private int _open;

    /// <param name="body">Of every answer.</param>
    public WireBackend(string body = "ok")
    {
        _answer = $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    /// <summary>Requests of which at least the head came; since the last <see cref="Forget"/>.</summary>
    public ConcurrentQueue<Arrival> Arrivals { get; } = [];

    /// <summary>What came in any other than the plainest form.</summary>
    public ConcurrentQueue<string> Faults { get; } = [];

    /// <summary>Of no request the head came and the end is still awaited, and nothing that was sent here waits to be
    /// read.</summary>
    private bool IsQuiet => Volatile.Read(ref _open) == 0 && !_listening.Poll(0, SelectMode.SelectRead)
        && _sockets.Keys.All(IsRead);

    /// <summary>What belongs to one test has come before the next one begins.</summary>
    public async Task QuietAsync()
    {
        var quiet = 0;
        await GatewayBed.UntilAsync(() => (quiet = IsQuiet ? quiet + 1 : 0) > 2);
    }

    public void Forget()
    {
        Arrivals.Clear();
        Faults.Clear();
    }

    private static bool IsRead(Socket socket)
    {
        try { return socket.Available == 0; }
        catch (Exception e) when (e is ObjectDisposedException or SocketException) { return true; }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try { _connections.Add(ServeAsync(await _listening.AcceptAsync(_end.Token))); }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var _ = socket;
        _sockets[socket] = true;
        var wire = new Wire(socket, _end.Token);
        try
        {
            while (await wire.LineAsync() is { } line)
            {
                var head = line;
                while (await wire.LineAsync() is { Length: > 0 } field) head += "\r\n" + field;
                if (Fault(head) is { } fault)
                {
                    Faults.Enqueue($"{fault}: {head}");
                    return;
                }
                Interlocked.Increment(ref _open);
                var body = new MemoryStream();
                var isWhole = false;
                try { isWhole = await BodyAsync(wire, head, body); }
                finally
                {
                    Arrivals.Enqueue(new Arrival(head, body.ToArray(), isWhole));
                    Interlocked.Decrement(ref _open);
                }
                if (!isWhole) return;
                await socket.SendAsync(Encoding.Latin1.GetBytes(_answer), _end.Token);
            }
            if (wire.Left.Length > 0) Faults.Enqueue($"a line without its end: {wire.Left}");
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException) { }
        catch (FormatException e) { Faults.Enqueue(e.Message); }
        finally
        {
            _sockets.TryRemove(KeyValuePair.Create(socket, true));
        }
    }

    private static async Task<bool> BodyAsync(Wire wire, string head, MemoryStream body)
    {
        if (LengthIn(head) is { } length) return await wire.TakeAsync(length, body);
        if (!head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)) return true;
        while (await wire.LineAsync() is { } size)
        {
            if (!ChunkSize().IsMatch(size)) throw new FormatException($"a chunk's size is '{size}'");
            var bytes = long.Parse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (bytes > 0 && !await wire.TakeAsync(bytes, body)) return false;
            var end = await wire.LineAsync();
            if (end is null) return false;
            if (end.Length > 0) throw new FormatException($"after a chunk, or as a trailer, comes '{end}'");
            if (bytes == 0) return true;
        }
        return false;
    }

    private static long? LengthIn(string head) => Length().Match(head) is { Success: true } match
        ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    /// <summary>Null: only one reading is possible.</summary>
    private static string? Fault(string head)
    {
        var lines = head.Split("\r\n");
        var names = lines.Skip(1).Select(line => line.Split(':')[0].ToLowerInvariant()).ToList();
        int Count(string name) => names.Count(n => n == name);
        return !RequestLine().IsMatch(lines[0]) ? "no plain request line"
            : lines.Skip(1).FirstOrDefault(line => !Field().IsMatch(line)) is { } field ? $"no plain field '{field}'"
            : Count("host") != 1 ? "not one Host"
            : Count("content-length") + Count("transfer-encoding") > 1 ? "the length is told twice"
            : lines.Any(OtherCoding) ? "another coding than chunked"
            : Count("content-length") == 1 && LengthIn(head) is null ? "no plain length"
            : null;
    }

    private static bool OtherCoding(string line) =>
        line.StartsWith("transfer-encoding", StringComparison.OrdinalIgnoreCase)
        && !line.Equals("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+ (/[\x21-\x7e]*|\*) HTTP/1\.1\z")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+: ?" +
        @"([\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\z")]
    private static partial Regex Field();

    [GeneratedRegex(@"\r\nContent-Length: ([0-9]{1,18})(\r|\z)", RegexOptions.IgnoreCase)]
    private static partial Regex Length();

    [GeneratedRegex(@"\A[0-9A-Fa-f]{1,8}\z")]
    private static partial Regex ChunkSize();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listening.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        _end.Dispose();
    }
}
