using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Tangram.Cli;
using Tangram.Model;

namespace Tangram.Proving.Faults;

/// <summary>The gateway shows new connections by https a certificate that has ended. That is a lease: when we are gone,
/// it shows its own again. A handshake of ours tells what a client sees.</summary>
internal sealed class ExpiredCertificate(FaultPlace place) : HeldFault
{
    /// <summary>Three renewals may be late, and who is gone is missed for much less than a second.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMilliseconds(600), Renewed = TimeSpan.FromMilliseconds(150);

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _over = new();
    private Task _renewing = Task.CompletedTask;
    private ClusterClient? _client;
    private Uri? _address;

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        _client = place.Client();
        try
        {
            var spec = Json.Read<ClusterSpec>(
                await _client.SendAsync(HttpMethod.Get, "/v1/spec", null, default).ConfigureAwait(false));
            _address = spec.GatewayListen.Where(url => url.StartsWith("https:", StringComparison.Ordinal))
                .Select(url => new Uri(url)).FirstOrDefault()
                ?? throw new FaultMissedException("the gateway listens nowhere by https");
            await ExpireAsync(Lease, default).ConfigureAwait(false);
        }
        catch (CommandFailure e)
        {
            throw new FaultMissedException(e.Message);
        }
        _renewing = Task.Run(() => RenewAsync(time));
        return $"{_address.Authority} {await ShownAsync(time).ConfigureAwait(false)}";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        if (_address is null) return "nothing was shown";
        var last = await ShownAsync(time).ConfigureAwait(false);
        await _over.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        // Should nobody hear it, it ends by itself.
        try { await ExpireAsync(TimeSpan.Zero, default).WaitAsync(AnswersWithin, time).ConfigureAwait(false); }
        catch (Exception e) when (e is CommandFailure or TimeoutException) { }
        _client!.Dispose();
        _over.Dispose();
        return $"{_address.Authority} {last} at the end, and {await ShownAsync(time).ConfigureAwait(false)} after it";
    }

    private Task ExpireAsync(TimeSpan lasts, CancellationToken cancellation) => _client!.PostAsync(
        string.Create(CultureInfo.InvariantCulture, $"/v1/expire?for={lasts.TotalMilliseconds:0}ms"), null,
        cancellation);

    private async Task RenewAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Renewed, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
                // A daemon that is away for a while is told again when it is back.
                try { await ExpireAsync(Lease, _over.Token).ConfigureAwait(false); }
                catch (CommandFailure) { }
        }
        catch (OperationCanceledException) { }
    }

    /// <summary>What a new connection is shown.</summary>
    private async Task<string> ShownAsync(TimeProvider time)
    {
        using var patience = new CancellationTokenSource(AnswersWithin, time);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            var host = _address!.Host is "0.0.0.0" or "[::]" ? "localhost" : _address.DnsSafeHost;
            await socket.ConnectAsync(host, _address.Port, patience.Token).ConfigureAwait(false);
            var stream = new SslStream(new NetworkStream(socket));
            await using (stream.ConfigureAwait(false))
            {
                await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = host, RemoteCertificateValidationCallback = (_, _, _, _) => true,
                }, patience.Token).ConfigureAwait(false);
                using var shown = new X509Certificate2(stream.RemoteCertificate!);
                var left = shown.NotAfter.ToUniversalTime() - time.GetUtcNow();
                return left < TimeSpan.Zero ? $"shows a certificate that ended {Words(-left)} ago"
                    : $"shows one that is valid for {Math.Ceiling(left.TotalDays)} days";
            }
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException
            or OperationCanceledException)
        {
            return $"shakes no hands ({e.Message.TrimEnd('.')})";
        }
    }
}
