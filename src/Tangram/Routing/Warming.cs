using System.Net;
using System.Net.Sockets;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Before the ports open, a gateway of its own carries some requests on loopback to a backend that is a loop,
/// so that what has to be compiled is, and the first client waits no longer than others.</summary>
internal static class Warming
{
    private const int Connections = 4, Requests = 60;
    private static readonly ServiceName Service = ServiceName.Of("warming");
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private static readonly byte[] Get = "GET /?a=b HTTP/1.1\r\nHost: warming\r\n\r\n"u8.ToArray();
    private static readonly byte[] Post =
        "POST / HTTP/1.1\r\nHost: warming\r\nContent-Length: 2\r\n\r\nok"u8.ToArray();
    private static readonly byte[] Answer =
        "HTTP/1.1 200 OK\r\nServer: any\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"u8.ToArray();

    /// <summary>However it goes, it is no reason not to open.</summary>
    public static async Task RunAsync(TimeProvider time)
    {
        using var end = new CancellationTokenSource(Longest, time);
        using var backend = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Task answering = Task.CompletedTask;
        try
        {
            backend.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            backend.Listen();
            answering = AnswerAsync(backend, end.Token);
            var options = new GatewayOptions { LeaveTime = TimeSpan.Zero, StopTime = TimeSpan.Zero };
            await using var gateway = new GatewayServer(options, time, seed: 1);
            var edge = new Listener("127.0.0.1", 0);
            await gateway.ListenAsync([edge]).ConfigureAwait(false);
            gateway.Publish(RouteDeriver.Derive(
                State(((IPEndPoint)backend.LocalEndPoint!).Port), gateway.Table));
            await gateway.StartAsync(end.Token).ConfigureAwait(false);
            if (await gateway.PortAsync(edge).ConfigureAwait(false) is not { } port) return;
            await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => AskAsync(port, end.Token)))
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or IOException)
        {
            // Cold, then.
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task AskAsync(int port, CancellationToken end)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, port, end).ConfigureAwait(false);
        var buffer = new byte[1024];
        for (var i = 0; i < Requests; i++)
        {
            await client.SendAsync(i % 4 == 0 ? Post : Get, end).ConfigureAwait(false);
            if (await client.ReceiveAsync(buffer, end).ConfigureAwait(false) == 0) return;
        }
    }

    private static async Task AnswerAsync(Socket backend, CancellationToken end)
    {
        var connections = new List<Task>();
        while (true) connections.Add(AnswerAllAsync(await backend.AcceptAsync(end).ConfigureAwait(false), end));
    }

    private static async Task AnswerAllAsync(Socket socket, CancellationToken end)
    {
        using var _ = socket;
        var buffer = new byte[1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, end).ConfigureAwait(false) > 0)
                await socket.SendAsync(Answer, end).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The gateway has ended.
        }
    }

    private static ClusterState State(int port)
    {
        var (node, zone, replica) = (NodeName.Of("warming"), ZoneName.Of("warming"), ReplicaName.Of(Service, 1));
        var assigned = new Assignment { Replica = replica, Service = Service, Revision = 1, Intent = Intent.Run };
        var seen = new SeenReplica { Replica = replica, Phase = Phase.Ready, Port = port, Starts = 1 };
        var spec = new ClusterSpec
        {
            Name = "warming", Services = [new ServiceSpec { Name = Service, Routes = [new RouteSpec(null, "/")] }],
        };
        return ClusterState.Empty with
        {
            RoutedRevision = 1,
            Asked = new Versioned<Asked>(new Asked { Revision = 1 }, 1),
            Revisions = ClusterState.Empty.Revisions.Add(1, new Revision { Number = 1, Spec = spec }),
            Nodes = ClusterState.Empty.Nodes.Add(node, new NodeState
            {
                Name = node,
                Assigned = new Versioned<Assigned>(new Assigned { Replicas = [assigned] }, 1),
                Seen = new Versioned<Seen>(new Seen { Incarnation = 1, Zone = zone, Replicas = [seen] }, 1),
            }),
        };
    }
}
