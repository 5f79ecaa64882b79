using System.Net;
using System.Net.Sockets;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing.Tcp;

internal sealed record TcpAsked(
    string? Sni = null, bool AcceptProxy = false, int? SendProxy = null, TimeSpan? Idle = null);

/// <summary>A gateway that passes TCP on.</summary>
internal sealed class TcpBed(GatewayBed bed) : IAsyncDisposable
{
    public GatewayBed Bed => bed;
    public GatewayServer Gateway => bed.Gateway;

    public static async Task<TcpBed> StartAsync(TcpAsked asked, params int[] backends)
    {
        var options = GatewayBed.Options with { QueueTime = TimeSpan.FromMilliseconds(300) };
        var spec = new TcpSpec
        {
            Listen = "tcp://127.0.0.1:0", Service = GatewayBed.Order, Sni = asked.Sni, AcceptProxy = asked.AcceptProxy,
            SendProxy = asked.SendProxy, Idle = asked.Idle ?? TcpSpec.DefaultIdle,
        };
        var gateway = new GatewayServer(options, TimeProvider.System, seed: 1);
        var edge = new Listener("127.0.0.1", 0) { Tcp = [spec] };
        return new TcpBed(await GatewayBed.StartAsync(gateway, edge, backends));
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, bed.Port);
        return socket;
    }

    public ValueTask DisposeAsync() => bed.DisposeAsync();
}
