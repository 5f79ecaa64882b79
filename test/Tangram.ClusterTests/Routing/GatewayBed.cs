using System.Net;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

/// <summary>A gateway on a free port with one service, "order", on one node; and a client for it.</summary>
internal sealed class GatewayBed : IAsyncDisposable
{
    public static readonly ServiceName Order = ServiceName.Of("order");
    private readonly Listener _edge;
    private long _revision;

    private GatewayBed(GatewayServer gateway, Listener edge, int port) =>
        (Gateway, _edge, Port) = (gateway, edge, port);

    public GatewayServer Gateway { get; }
    public int Port { get; }
    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>What the next <see cref="Route"/> asks for.</summary>
    public ServiceSpec Spec { get; set; } = new() { Name = Order, Routes = [new RouteSpec(null, "/")] };
    public Uri Url => new($"http://127.0.0.1:{Port}/");

    public static Task<GatewayBed> StartAsync(params IEnumerable<int> backends) => StartAsync(null, 0, backends);

    /// <summary>Ends soon.</summary>
    public static readonly GatewayOptions Options = new()
    {
        StopTime = TimeSpan.FromMilliseconds(200), LeaveTime = TimeSpan.FromMilliseconds(100),
    };

    /// <param name="keeper">Hands the listening sockets from one gateway to the next.</param>
    public static Task<GatewayBed> StartAsync(SocketKeeper? keeper, int port, params IEnumerable<int> backends) =>
        StartAsync(new GatewayServer(Options, TimeProvider.System, seed: 1, keeper), new Listener("127.0.0.1", port),
            backends);

    public static async Task<GatewayBed> StartAsync(
        GatewayServer gateway, Listener edge, params IEnumerable<int> backends)
    {
        Assert.Empty(await gateway.ListenAsync([edge]));
        var bed = new GatewayBed(gateway, edge, (await gateway.PortAsync(edge))!.Value);
        bed.Route([.. backends]);
        await gateway.StartAsync();
        return bed;
    }

    /// <summary>The whole wanted set: the edge and others.</summary>
    public Task<EquatableArray<TakenPort>> ListenAsync(params IEnumerable<Listener> others) =>
        Gateway.ListenAsync([_edge, .. others]);

    public void Route(int[] ports, int[]? draining = null, bool dead = false, string? address = null)
    {
        Assignment Assign(int port, Intent intent) => new()
        {
            Replica = ReplicaName.Of(Order, port), Service = Order, Revision = 1, Intent = intent,
        };
        SeenReplica See(int port) =>
            new() { Replica = ReplicaName.Of(Order, port), Phase = Phase.Ready, Port = port, Starts = 1 };
        draining ??= [];
        var node = new NodeState
        {
            Name = NodeName.Of("a-1"),
            Assigned = new Versioned<Assigned>(new Assigned
            {
                Replicas =
                [
                    .. ports.Select(p => Assign(p, Intent.Run)), .. draining.Select(p => Assign(p, Intent.Drain)),
                ],
            }, 1),
            Seen = new Versioned<Seen>(new Seen
            {
                Incarnation = 1, Zone = ZoneName.Of("a"), Address = address,
                Replicas = [.. ports.Concat(draining).Select(See)],
            }, 1),
            Dead = dead ? new Versioned<Dead>(new Dead(ZoneName.Of("a"), 1, "test"), 1) : null,
        };
        var spec = new ClusterSpec
        {
            Name = "test", Services = [Spec],
        };
        Publish(spec, node);
    }

    /// <summary>Another application; each backend is one replica of its service.</summary>
    public void Publish(ClusterSpec spec, params (ServiceName Service, int Port, int Revision)[] backends)
    {
        var replicas = backends.Select(b => (Name: ReplicaName.Of(b.Service, b.Port), b.Service, b.Port, b.Revision));
        Publish(spec, new NodeState
        {
            Name = NodeName.Of("a-1"),
            Assigned = new Versioned<Assigned>(new Assigned
            {
                Replicas = replicas.Select(r => new Assignment
                {
                    Replica = r.Name, Service = r.Service, Revision = r.Revision, Intent = Intent.Run,
                }).ToEquatableArray(),
            }, 1),
            Seen = new Versioned<Seen>(new Seen
            {
                Incarnation = 1, Zone = ZoneName.Of("a"),
                Replicas = replicas.Select(r => new SeenReplica
                {
                    Replica = r.Name, Phase = Phase.Ready, Port = r.Port, Starts = 1,
                }).ToEquatableArray(),
            }, 1),
        });
    }

    private void Publish(ClusterSpec spec, NodeState node)
    {
        var state = ClusterState.Empty with
        {
            RoutedRevision = ++_revision,
            Asked = new Versioned<Asked>(new Asked { Revision = 1, CookieKey = "0123456789abcdef" }, 1),
            Nodes = ClusterState.Empty.Nodes.Add(node.Name, node),
            Revisions = ClusterState.Empty.Revisions.Add(1, new Revision { Number = 1, Spec = spec }),
        };
        Gateway.Publish(RouteDeriver.Derive(state, Gateway.Table));
    }

    public async Task<(HttpStatusCode Status, string Text)> GetAsync()
    {
        using var response = await Client.GetAsync(Url);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<HttpStatusCode> PostAsync(string? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url);
        if (body is not null) request.Content = new StringContent(body);
        using var response = await Client.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>A port on which nobody listens.</summary>
    public static int ClosedPort()
    {
        using var socket = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    /// <summary>Polls until it holds; fails after 10 s.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!holds())
        {
            Assert.False(deadline.IsCancellationRequested, "it did not happen within 10 s");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Gateway.DisposeAsync();
    }
}
