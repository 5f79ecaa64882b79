using System.Diagnostics.CodeAnalysis;
using System.Net.Http;
using System.Net.WebSockets;

namespace Tangram.Proving.WebSockets;

/// <summary>One connection: says one message at a time and waits for the next that comes. When it is lost it is opened
/// again for the message that is due then.</summary>
internal sealed class WebSocketUser(
    LoadOptions options, HttpMessageInvoker http, WebSocketDesk desk, TimeProvider time) : IAsyncDisposable
{
    /// <summary>After a handshake that failed; or nobody there would be asked 1,000 times a second.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    /// <summary>For saying goodbye.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private static readonly LoadOutcome Abandoned = LoadOutcome.Failed(LoadFailure.Abandoned, "");

    /// <summary>What is longer comes in several pieces.</summary>
    private readonly byte[] _room = new byte[4096];
    private ClientWebSocket? _socket;
    private LoadOutcome? _refused;
    private long _refusedAt;

    /// <summary>Null: it is open.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "whatever ends a handshake is its outcome")]
    public async Task<LoadOutcome?> OpenAsync(CancellationToken cancellation)
    {
        if (_socket is not null) return null;
        if (_refused is not null && time.GetElapsedTime(_refusedAt) < Again) return _refused;
        var socket = new ClientWebSocket();
        var since = time.GetTimestamp();
        try
        {
            socket.Options.CollectHttpResponseDetails = true;
            foreach (var header in options.Headers)
                if (header.Name.Equals("Sec-WebSocket-Protocol", StringComparison.OrdinalIgnoreCase))
                    foreach (var one in header.Value.Split(',', StringSplitOptions.TrimEntries))
                        socket.Options.AddSubProtocol(one);
                else socket.Options.SetRequestHeader(header.Name, header.Value);
            await socket.ConnectAsync(options.Url, http, cancellation);
            (_socket, _refused) = (socket, null);
            desk.Opened(time.GetElapsedTime(since));
            return null;
        }
        catch (Exception e)
        {
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            desk.Refused();
            (_refused, _refusedAt) = (status > 101 ? LoadOutcome.Answered(status) with { Expected = false }
                : LoadOutcome.Of(e, begun: false), time.GetTimestamp());
            return _refused;
        }
    }

    /// <summary>Never throws for what a server or a network may do: that is the outcome.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "whatever ends a message is its outcome")]
    public async Task<LoadOutcome> SayAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var begun = false;
        try
        {
            var refused = await OpenAsync(either.Token);
            if (refused is not null)
                return cancellation.IsCancellationRequested ? Abandoned : refused.Value;
            await _socket!.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, either.Token);
            while (true)
            {
                var got = await _socket.ReceiveAsync(_room.AsMemory(), either.Token);
                if (got.MessageType == WebSocketMessageType.Close) return Closed();
                begun = true;
                if (got.EndOfMessage) return LoadOutcome.Echoed;
            }
        }
        catch (Exception e)
        {
            // What comes late would be taken for the answer to the next one.
            Drop();
            return cancellation.IsCancellationRequested ? Abandoned : LoadOutcome.Of(e, begun);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "it is over anyway")]
    public async ValueTask DisposeAsync()
    {
        if (_socket is null) return;
        using var patience = new CancellationTokenSource(Farewell, time);
        try { await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token); }
        catch (Exception) { }
        _socket.Dispose();
    }

    private LoadOutcome Closed()
    {
        var (status, why) = (_socket!.CloseStatus, _socket.CloseStatusDescription);
        Drop();
        return LoadOutcome.Failed(LoadFailure.Closed,
            $"the server closed the connection ({(int?)status}{(string.IsNullOrEmpty(why) ? "" : $", {why}")})");
    }

    private void Drop()
    {
        if (_socket is null) return;
        _socket.Dispose();
        _socket = null;
        desk.Lost();
    }
}

/// <summary>Counts connections, from any thread.</summary>
internal sealed class WebSocketDesk
{
    private readonly Lock _lock = new();
    private readonly LatencyHistogram _handshakes = new();
    private long _refused, _lost;

    public void Opened(TimeSpan took)
    {
        lock (_lock) _handshakes.Add(took);
    }

    public void Refused() => Interlocked.Increment(ref _refused);

    public void Lost() => Interlocked.Increment(ref _lost);

    public SocketCounts Counts()
    {
        lock (_lock)
        {
            var summary = _handshakes.Summary();
            return new(summary.Count, Interlocked.Read(ref _refused), Interlocked.Read(ref _lost), summary);
        }
    }
}
