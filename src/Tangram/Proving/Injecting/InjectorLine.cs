using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Threading.Channels;
using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Injecting;

/// <summary>The drill's end of the line to one injector.</summary>
internal sealed class InjectorLine : IAsyncDisposable
{
    private static readonly TimeSpan OpensWithin = TimeSpan.FromSeconds(5), EndsWithin = TimeSpan.FromSeconds(40);

    /// <summary>Longer than it waits for us: it may have much to do.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    private int _ended;
    private readonly WireLines _lines;
    private readonly TimeProvider _time;
    private readonly Channel<FaultAnswer> _answers = Channel.CreateUnbounded<FaultAnswer>();
    private readonly Task _reading, _beating;
    private TaskCompletionSource<InjectorLook?>? _look;

    private InjectorLine(WireLines lines, Task beating, DrilledMachine machine, int port, TimeProvider time)
    {
        (_lines, _beating, Machine, Port, _time) = (lines, beating, machine, port, time);
        _reading = ReadAsync();
    }

    public DrilledMachine Machine { get; }

    /// <summary>Where the injector listens.</summary>
    public int Port { get; }

    /// <summary>Ends with the connection.</summary>
    public ChannelReader<FaultAnswer> Answers => _answers.Reader;

    /// <summary>Throws <see cref="CommandFailure"/> when it does not let this drill be held.</summary>
    /// <param name="address">HOST:PORT.</param>
    public static async Task<InjectorLine> OpenAsync(
        string address, string cluster, MutualTls? tls, TimeProvider time)
    {
        // A heartbeat: it waits for nobody who is silent, and whoever holds the faults takes a moment to start.
        var (lines, beating, greeting, here) = await GreetedAsync(
            address, "", InjectorJson.LongestAnswer, tls, time).ConfigureAwait(false);
        try
        {
            if (greeting.Cluster != cluster)
                throw CommandFailure.Arguments($"the injector at {address} is of the cluster '{greeting.Cluster}', " +
                    $"and this is '{cluster}'");
            string? second;
            do second = await lines.ReadAsync(OpensWithin).ConfigureAwait(false);
            while (second is "");
            if (second is null || FaultJson.Answer(second) is not { Word: FaultWord.Holds })
                throw new CommandFailure(Exit.Failed, $"{greeting.Name}: " +
                    (second is null ? "whoever should hold the faults ended at once" : FaultJson.Answer(second).What));
            var cut = address.LastIndexOf(':');
            var port = int.Parse(address[(cut + 1)..], CultureInfo.InvariantCulture);
            return new InjectorLine(lines, beating, greeting.Machine(address[..cut].Trim('[', ']'), here), port, time);
        }
        catch (Exception e)
        {
            await lines.DisposeAsync().ConfigureAwait(false);
            if (e is CommandFailure) throw;
            throw Unusable(address, tls, e);
        }
    }

    /// <summary>Connected, and greeted. Throws <see cref="CommandFailure"/>.</summary>
    /// <param name="first">What is said first, and tells what we are.</param>
    /// <param name="longest">Of its answers, in characters.</param>
    public static async Task<(WireLines Lines, Task Beating, InjectorGreeting Greeting, bool Here)> GreetedAsync(
        string address, string first, int longest, MutualTls? tls, TimeProvider time)
    {
        WireLines? lines = null;
        try
        {
            var (wire, here) = await ConnectAsync(address, tls, time).ConfigureAwait(false);
            lines = new WireLines(wire, longest, time);
            await lines.WriteAsync(first).ConfigureAwait(false);
            var beating = lines.BeatAsync(InjectorJson.Beat);
            if (await lines.ReadAsync(OpensWithin).ConfigureAwait(false) is not { } greeting)
                throw new CommandFailure(Exit.Failed, $"the injector at {address} ends the connection: it admits " +
                    "only who has a server's certificate of its cluster. Its log says why");
            return (lines, beating, InjectorJson.Greeting(greeting), here);
        }
        catch (Exception e)
        {
            if (lines is not null) await lines.DisposeAsync().ConfigureAwait(false);
            if (e is CommandFailure) throw;
            throw Unusable(address, tls, e);
        }
    }

    private static CommandFailure Unusable(string address, MutualTls? tls, Exception e) => new(Exit.Failed,
        $"the injector at {address} cannot be used: " + (tls is not null ? tls.Explain(e) : e.Message));

    public void Send(FaultOrder order) => _ = _lines.WriteAsync(FaultJson.Write(order));

    /// <summary>Null: no server answers there. Not to be called by two at a time.</summary>
    public async Task<InjectorLook?> LookAsync()
    {
        _look = new TaskCompletionSource<InjectorLook?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_reading.IsCompleted || !await _lines.WriteAsync(InjectorJson.Look).ConfigureAwait(false)) return null;
        try
        {
            return await _look.Task.WaitAsync(Silence, _time).ConfigureAwait(false);
        }
        catch (TimeoutException) { return null; }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0) return;
        await _lines.WriteAsync(InjectorJson.End).ConfigureAwait(false);
        await _reading.WaitAsync(EndsWithin, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _lines.Close();
        await _beating.ConfigureAwait(false);
        await _lines.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        while (await _lines.ReadAsync(Silence).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0) continue;
            try
            {
                if (line.StartsWith(InjectorJson.Look, StringComparison.Ordinal))
                    _look?.TrySetResult(InjectorJson.LookOf(line));
                else _answers.Writer.TryWrite(FaultJson.Answer(line));
            }
            catch (JsonException) { break; }
        }
        _answers.Writer.TryComplete();
        _look?.TrySetResult(null);
    }

    private static async Task<(Stream Wire, bool Here)> ConnectAsync(string address, MutualTls? tls, TimeProvider time)
    {
        var cut = address.LastIndexOf(':');
        if (cut < 1 || !int.TryParse(address[(cut + 1)..], out var port) || port is < 1 or > 65535)
            throw CommandFailure.Arguments($"'{address}' after --injector is not HOST:PORT, such as 10.0.0.5:7650");
        using var patience = new CancellationTokenSource(OpensWithin, time);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address[..cut].Trim('[', ']'), port, patience.Token).ConfigureAwait(false);
            var (there, from) = ((IPEndPoint)socket.RemoteEndPoint!, (IPEndPoint)socket.LocalEndPoint!);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is null)
                return PlainText.RefusalToConnect(there) is { } refusal ? throw CommandFailure.Arguments(refusal)
                    : (stream, true);
            var secure = new SslStream(stream);
            var options = tls.ClientOptionsOfAny(PeerRole.Server, PeerRole.Agent, PeerRole.Gateway);
            options.TargetHost = address[..cut];
            await secure.AuthenticateAsClientAsync(options, patience.Token).ConfigureAwait(false);
            return (secure, there.Address.Equals(from.Address));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
