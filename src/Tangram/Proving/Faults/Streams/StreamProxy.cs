using System.Net;
using System.Net.Sockets;

namespace Tangram.Proving.Faults.Streams;

/// <summary>Stands between the gateway and one replica: listens on a free port of this machine, and passes on what its
/// path lets pass.</summary>
internal sealed class StreamProxy : IAsyncDisposable
{
    private const int Backlog = 512;

    /// <summary>A connection that does not come about within it hangs: on loopback one takes a tenth of a
    /// millisecond.</summary>
    private static readonly TimeSpan Hanging = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(20);

    /// <summary>With a backlog of one the third or fourth has to wait.</summary>
    private const int MostFillers = 16;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly int _target;
    private readonly ImpairedPath _path;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<StreamConnection, Task> _open = [];
    private readonly List<(Socket Socket, Task Connecting)> _fillers = [];
    private CancellationTokenSource _resting = new();
    private Task _accepting;
    private HungConnections? _hung;
    private int _untouched;

    /// <param name="target">The replica's port.</param>
    public StreamProxy(int target, ImpairedPath path, TimeProvider time)
    {
        (_target, _path, _time) = (target, path, time);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(Backlog);
        _accepting = AcceptAsync(_resting.Token);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public int Open
    {
        get { lock (_gate) return _open.Count; }
    }

    /// <summary>Connections that speak something else, those that have ended and those that are open.</summary>
    public int Untouched
    {
        get { lock (_gate) return _untouched + _open.Keys.Count(connection => connection.Untouched); }
    }

    /// <summary>From now on it is in force. Throws <see cref="FaultMissedException"/> when that cannot be
    /// seen.</summary>
    public async Task StrikeAsync()
    {
        var open = Open;
        _path.Tally.Count(f => f with { Open = f.Open + open });
        _path.Strike();
        if (_path.Kind == FaultKind.NetworkReset) ResetAll();
        if (_path.Kind == FaultKind.NetworkCut) await HangAsync().ConfigureAwait(false);
    }

    /// <summary>How many connections hung since it struck; those of a cut alone.</summary>
    public async Task<int> HungAsync() => _hung is { } hung ? await hung.EndAsync().ConfigureAwait(false) : 0;

    /// <summary>It is over: what was held goes on, and new connections come about.</summary>
    public async Task LiftAsync()
    {
        _path.Lift();
        if (_fillers.Count == 0) return;
        await EmptyAsync().ConfigureAwait(false);
        await RestAsync().ConfigureAwait(false);
        _listener.Listen(Backlog);
        _resting.Dispose();
        _resting = new CancellationTokenSource();
        _accepting = AcceptAsync(_resting.Token);
    }

    /// <summary>Gives what is open a moment to end by itself, and cuts the rest.</summary>
    public async Task CloseAsync(TimeSpan patience)
    {
        await RestAsync().ConfigureAwait(false);
        _listener.Dispose();
        Task[] open;
        lock (_gate) open = [.. _open.Values];
        await Task.WhenAny(Task.WhenAll(open), Task.Delay(patience, _time)).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await RestAsync().ConfigureAwait(false);
        _listener.Dispose();
        await EmptyAsync().ConfigureAwait(false);
        ResetAll();
        Task[] open;
        lock (_gate) open = [.. _open.Values];
        await Task.WhenAll(open).ConfigureAwait(false);
        if (_hung is { } hung) await hung.DisposeAsync().ConfigureAwait(false);
        _resting.Dispose();
        _path.Dispose();
    }

    private async Task RestAsync()
    {
        await _resting.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
    }

    private async Task AcceptAsync(CancellationToken resting)
    {
        while (true)
        {
            Socket client;
            try { client = await _listener.AcceptAsync(resting).ConfigureAwait(false); }
            catch (OperationCanceledException) { return; }
            catch (SocketException) when (!resting.IsCancellationRequested)
            {
                // No descriptor is left, say: it would fail again at once.
                await Task.Delay(Again, _time, CancellationToken.None).ConfigureAwait(false);
                continue;
            }
            if (_path.Resets)
            {
                StreamConnection.Abandon(client);
                client.Dispose();
                _path.Tally.Count(f => f with { Connections = f.Connections + 1, Resets = f.Resets + 1 });
                continue;
            }
            _path.Tally.Count(f => f with { Connections = f.Connections + 1 });
            var connection = new StreamConnection(client, _target, _path);
            lock (_gate) _open[connection] = HoldAsync(connection);
            // It may have struck between the look above and this.
            if (_path.Resets) connection.Reset();
        }
    }

    private async Task HoldAsync(StreamConnection connection)
    {
        await Task.Yield();
        await connection.RunAsync().ConfigureAwait(false);
        lock (_gate)
        {
            if (connection.Untouched) _untouched++;
            _open.Remove(connection);
        }
    }

    private void ResetAll()
    {
        StreamConnection[] open;
        lock (_gate) open = [.. _open.Keys];
        _path.Tally.Count(f => f with { Resets = f.Resets + open.Length });
        foreach (var connection in open) connection.Reset();
    }

    /// <summary>A queue of connections that nobody accepts is filled by ourselves: then the kernel leaves whoever comes
    /// next without an answer, as a network does in which nothing passes (listen(2)).</summary>
    private async Task HangAsync()
    {
        await RestAsync().ConfigureAwait(false);
        _listener.Listen(1);
        while (_fillers.Count < MostFillers)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var connecting = filler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port));
            _fillers.Add((filler, connecting));
            await Task.WhenAny(connecting, Task.Delay(Hanging, _time)).ConfigureAwait(false);
            if (connecting.IsCompleted) continue;
            _hung = new HungConnections(Port, _time);
            _hung.Begin();
            return;
        }
        throw new FaultMissedException("connections come about although nobody takes them");
    }

    private async Task EmptyAsync()
    {
        foreach (var (socket, _) in _fillers) socket.Dispose();
        await Task.WhenAll(_fillers.Select(filler => filler.Connecting))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _fillers.Clear();
    }
}
