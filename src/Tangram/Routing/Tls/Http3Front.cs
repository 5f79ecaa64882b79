using System.Collections.Concurrent;
using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using Tangram.Routing.Records;
using Tangram.Routing.Strict;

namespace Tangram.Routing.Tls;

/// <summary>HTTP/3 beside the https addresses, on the same ports by UDP: a server for each, which answers as the others
/// do. Where libmsquic is missing it says so once, and clients stay with HTTP/2.</summary>
/// <remarks>A UDP port cannot be handed to the gateway after us as a TCP one can (docs/decisions/0010-http3.md). So
/// answers name HTTP/3 only while its port is open, and take that back when we leave: browsers are with HTTP/2 when it
/// closes.</remarks>
internal sealed class Http3Front(
    TlsFront front, ListenerSet listeners, Departure departure, TimeProvider time, Action<string> say)
{
    /// <summary>How long a client may believe it: a restart is taken back, a crash is not.</summary>
    private const int MaxAgeSeconds = 60;
    private const string TakenBack = "clear";
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<OpenListener, Server> _servers = [];
    private bool _said;

    [SupportedOSPlatformGuard("linux")]
    private static bool IsSupported => OperatingSystem.IsLinux() && QuicListener.IsSupported;

    /// <summary>Opens and closes as the file wants it and ports become free, until it is cancelled.</summary>
    /// <param name="application">What answers.</param>
    /// <param name="stopTime">For what is in flight at the end.</param>
    public async Task RunAsync(
        ObservedRequests application, GatewayLimits limits, TimeSpan stopTime, CancellationToken cancellation)
    {
        using var left = departure.Begun.UnsafeRegister(static f => ((Http3Front)f!).TakeBack(), this);
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            do await LookAsync(application, limits, stopTime).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The gateway ends.
        }
        foreach (var listener in _servers.Keys.ToArray())
            await StopAsync(listener, limits, stopTime).ConfigureAwait(false);
    }

    private async Task LookAsync(ObservedRequests application, GatewayLimits limits, TimeSpan stopTime)
    {
        var isWanted = front.Spec is { Http3: true };
        if (isWanted && !IsSupported && !_said)
        {
            _said = true;
            say("http3 is asked for and libmsquic is not installed on this machine: clients use HTTP/2 here; " +
                "install libmsquic 2.2 or later, and start the gateway again");
        }
        if (!IsSupported) return;
        var wanted = isWanted ? await listeners.SecureAsync().ConfigureAwait(false) : [];
        foreach (var gone in _servers.Keys.Except(wanted).ToArray())
            await StopAsync(gone, limits, stopTime).ConfigureAwait(false);
        if (departure.Begun.IsCancellationRequested) return;
        foreach (var listener in wanted.Except(_servers.Keys).ToArray())
            await StartAsync(listener, application, limits).ConfigureAwait(false);
    }

    private async Task StartAsync(OpenListener listener, ObservedRequests application, GatewayLimits limits)
    {
        Server? server = null;
        try
        {
            server = Make(new IPEndPoint(IPAddress.Parse(listener.Listener.Address), listener.Port));
            limits.Lend(server.Limits);
            await server.Answering.StartAsync(new Arrivals(application, listener), CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or QuicException or InvalidOperationException)
        {
            // The gateway before us may have the port yet, and a listener may have closed: the next look tries again.
            if (server is not null) await EndAsync(server, limits).ConfigureAwait(false);
            if (e is IOException or ObjectDisposedException || _said) return;
            _said = true;
            say($"HTTP/3 cannot be served, so clients use HTTP/2 here: {e.Message}");
            return;
        }
        _servers[listener] = server;
        listener.AltSvc = $"h3=\":{listener.Port}\"; ma={MaxAgeSeconds}";
        if (departure.Begun.IsCancellationRequested) TakeBack();
    }

    private Server Make(IPEndPoint address)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseQuic();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowHostHeaderOverride = true;
            kestrel.RequestHeaderEncodingSelector = StrictText.Of;
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http3;
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = Show });
            });
        });
        var host = builder.Build();
        return new Server(host, host.Services.GetRequiredService<IServer>(),
            host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits);
    }

    private async Task StopAsync(OpenListener listener, GatewayLimits limits, TimeSpan stopTime)
    {
        listener.AltSvc = TakenBack;
        if (!_servers.TryRemove(listener, out var server)) return;
        using var patience = new CancellationTokenSource(stopTime, time);
        await server.Answering.StopAsync(patience.Token).ConfigureAwait(false);
        await EndAsync(server, limits).ConfigureAwait(false);
    }

    private static async Task EndAsync(Server server, GatewayLimits limits)
    {
        limits.TakeBack(server.Limits);
        await server.Host.DisposeAsync().ConfigureAwait(false);
    }

    private void TakeBack()
    {
        foreach (var listener in _servers.Keys.ToArray()) listener.AltSvc = TakenBack;
    }

    private ValueTask<SslServerAuthenticationOptions> Show(TlsHandshakeCallbackContext context) =>
        front.OptionsFor(context.ClientHelloInfo.ServerName, http3: true) is { } shown
            ? ValueTask.FromResult(shown)
            : throw new AuthenticationException("there is no certificate to show");

    private sealed record Server(WebApplication Host, IServer Answering, KestrelServerLimits Limits);

    /// <summary>The gateway's application, for requests that came in at one address.</summary>
    private sealed class Arrivals(ObservedRequests inner, OpenListener listener) : IHttpApplication<ObservedContext>
    {
        public ObservedContext CreateContext(IFeatureCollection features)
        {
            features.Set(listener);
            if (features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } shown)
                features.Set(TlsBranch.Prove(shown));
            return inner.CreateContext(features);
        }

        public Task ProcessRequestAsync(ObservedContext context) => inner.ProcessRequestAsync(context);

        public void DisposeContext(ObservedContext context, Exception? exception) =>
            inner.DisposeContext(context, exception);
    }
}
