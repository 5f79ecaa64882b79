using System.ComponentModel;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Deploying;
using Tangram.Observing;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Injecting;

/// <summary>`tangram injector`: lets drills break what runs on this machine, and loads be made from it, and nobody who
/// has no server's certificate. Where it was not started nothing can be broken.</summary>
internal sealed class InjectorHost : IRunningRole
{
    /// <summary>One drill holds the machine; the others are told so.</summary>
    private const int MostConnections = 16;
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(5), Again = TimeSpan.FromMilliseconds(100);

    private readonly InjectorOptions _options;
    private readonly FaultPlace _place;
    private readonly EventLog _events;
    private readonly TimeProvider _time;
    private readonly MutualTls? _tls;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _listening;

    private InjectorHost(InjectorOptions options, FaultPlace place, EventLog events, MutualTls? tls, Socket socket,
        TimeProvider time)
    {
        (_options, _place, _events, _tls, _socket, _time) = (options, place, events, tls, socket, time);
        _listening = ListenAsync();
    }

    public EventLog Events => _events;

    public Task Failed => _listening;

    public static InjectorHost Start(InjectorOptions options, TimeProvider time)
    {
        var folder = Path.Combine(options.StateRoot, options.Cluster);
        Directory.CreateDirectory(options.StateRoot, StateFolder.OwnerOnly);
        Directory.CreateDirectory(folder, StateFolder.OwnerOnly);
        if (options.Tls is null && PlainText.RefusalToListen(options.Listen) is { } refusal)
            throw new IOException(refusal);
        var events = EventLog.At(Path.Combine(folder, "injector.jsonl"), time);
        Socket? socket = null;
        try
        {
            var tls = options.Tls is null ? null
                : MutualTls.Open(options.Tls, time, what => events.Add(options.Name, what));
            if (tls is not null && tls.Identity.Cluster != options.Cluster)
                throw new IOException($"the certificate in {options.Tls} is that of {tls.Identity}, and this is the " +
                    $"cluster {options.Cluster}: make one with `tangram ca issue`");
            socket = new Socket(options.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(options.Listen);
            socket.Listen();
            var place = new FaultPlace(options.Cluster, SocketPlace.Of(options.StateRoot, options.Cluster), folder)
            {
                Stores = [.. options.Stores],
            };
            return new InjectorHost(options, place, events, tls, socket, time);
        }
        catch (Exception e)
        {
            socket?.Dispose();
            events.Dispose();
            if (e is SocketException)
                throw new IOException($"cannot listen on {options.Listen} for drills: {e.Message}. End what listens " +
                    "there, or choose another port with --listen", e);
            throw;
        }
    }

    /// <summary>Every fault ends first.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _events.Dispose();
        _ending.Dispose();
    }

    private async Task ListenAsync()
    {
        var served = new List<Task>();
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_ending.Token).ConfigureAwait(false);
                served.RemoveAll(task => task.IsCompleted);
                if (served.Count < MostConnections) served.Add(Task.Run(() => ServeAsync(socket)));
                else socket.Dispose();
            }
            catch (SocketException)
            {
                await Task.Delay(Again, _time).ConfigureAwait(false);
            }
            catch (OperationCanceledException) { break; }
        }
        await Task.WhenAll(served).ConfigureAwait(false);
    }

    private async Task ServeAsync(Socket socket)
    {
        var from = (socket.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "somebody";
        try
        {
            socket.NoDelay = true;
            var wire = await SecuredAsync(new NetworkStream(socket, ownsSocket: true), from).ConfigureAwait(false);
            await using var lines = new WireLines(wire, InjectorJson.LongestOrder, _time);
            await using var ends = _ending.Token.Register(lines.Close);
            await new InjectorDoor(_options, _place, _time, what => _events.Add(_options.Name, $"{from}: {what}"))
                .ServeAsync(lines).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or CommandFailure
            or OperationCanceledException or ObjectDisposedException or Win32Exception)
        {
            // Who was refused has been announced; who went away needs nothing.
            socket.Dispose();
        }
    }

    private async Task<Stream> SecuredAsync(NetworkStream stream, string from)
    {
        if (_tls is null) return stream;
        var secure = new SslStream(stream);
        using var patience = new CancellationTokenSource(Handshake, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _ending.Token);
        await secure.AuthenticateAsServerAsync(_tls.ServerOptions(from, PeerRole.Server), either.Token)
            .ConfigureAwait(false);
        return secure;
    }
}
