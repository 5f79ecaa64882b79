using System.Net.Http;
using Grpc.Core;
using Grpc.Net.Client;

namespace Tangram.Coordinating.Link;

/// <summary>One connection to one server or agent. When it is lost, everything in flight on it fails at once.</summary>
internal sealed class LinkChannel : IDisposable
{
    private const int MostBytes = 256 << 20;

    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _lost = new();
    private readonly LinkOptions _options;

    /// <param name="to">Who must be at the other end.</param>
    public LinkChannel(string address, LinkOptions options, PeerRole to = PeerRole.Server)
    {
        (Address, _options) = (address, options);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectPatience,
            // One connection is one fate: what a greeting learns holds for every call and stream.
            EnableMultipleHttp2Connections = false,
            KeepAlivePingDelay = TimeSpan.FromSeconds(1),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(1),
            UseProxy = false,
            UseCookies = false,
        };
        if (options.Tls is { } tls) handler.SslOptions = tls(to);
        _channel = GrpcChannel.ForAddress($"{(options.Tls is null ? "http" : "https")}://{address}",
            new GrpcChannelOptions
            {
                HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = MostBytes,
                MaxSendMessageSize = MostBytes,
            });
        Server = new Wire.Server.ServerClient(_channel);
        Hearer = new Wire.Hearer.HearerClient(_channel);
    }

    public string Address { get; }
    public Wire.Server.ServerClient Server { get; }
    public Wire.Hearer.HearerClient Hearer { get; }
    public CancellationToken Lost => _lost.Token;

    public CallOptions Call(CancellationToken cancellation) =>
        new(new Metadata { { LinkOptions.WhoHeader, _options.Self.ToString() } }, cancellationToken: cancellation);

    public void Dispose()
    {
        lock (_lost)
        {
            if (_lost.IsCancellationRequested) return;
            _lost.Cancel();
        }
        _channel.Dispose();
    }

    /// <summary>Whether an exception is an answer of a bad day rather than a defect of ours.</summary>
    public static bool Expected(Exception e) =>
        e is RpcException or OperationCanceledException or ObjectDisposedException or HttpRequestException
            or IOException;

    /// <summary>No byte of the request has left: it may be sent to another.</summary>
    public static bool NeverSent(Exception e)
    {
        if (e is ObjectDisposedException) return true;
        for (var cause = (e as RpcException)?.Status.DebugException; cause is not null; cause = cause.InnerException)
            if (cause is HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError,
                } or OperationCanceledException { InnerException: TimeoutException })
                return true;
        return false;
    }

    /// <summary>The innermost reason.</summary>
    public static string Words(Exception e)
    {
        if (e is not RpcException rpc) return e.Message;
        if (rpc.Status.DebugException is not { } cause) return rpc.Status.Detail;
        while (cause.InnerException is { } inner) cause = inner;
        return cause.Message.TrimEnd('.');
    }
}
