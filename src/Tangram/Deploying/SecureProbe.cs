using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Tangram.Deploying;

/// <summary>A readiness probe by https. Who answers is not examined: the port is the replica's own on this machine, and
/// readiness is not identity. Gateways examine it.</summary>
internal static class SecureProbe
{
    public static async Task<ProbeAnswer> GetAsync(
        Socket socket, string path, int port, string serverName, CancellationToken cancellation)
    {
        await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = serverName, RemoteCertificateValidationCallback = (_, _, _, _) => true,
            }, cancellation).ConfigureAwait(false);
            var buffer = new byte[4096];
            await stream.WriteAsync(buffer.AsMemory(0, Prober.Request(path, port, buffer)), cancellation)
                .ConfigureAwait(false);
            var filled = await stream.ReadAtLeastAsync(buffer, Prober.Judged, throwOnEndOfStream: false, cancellation)
                .ConfigureAwait(false);
            return filled < Prober.Judged
                ? ProbeAnswer.No($"port {port} closed the connection without an answer")
                : Prober.Judge(buffer.AsSpan(0, Prober.Judged), path);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return ProbeAnswer.No($"port {port} does not speak TLS: {e.Message.TrimEnd('.')}");
        }
    }
}
