using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.ClusterTests.BadInput;

/// <summary>A small cluster on machines of the lab: one server that keeps its own store, or three with etcd; agents, a
/// gateway, mutual TLS. Which of them run, and how, the test says.</summary>
internal sealed class SmallLab : IAsyncDisposable
{
    public const string Cluster = "small";
    public const int ServerPort = 7600, AgentPort = 7601, GatewayPort = 8080;
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60), Prompt = TimeSpan.FromSeconds(1),
        Calm = TimeSpan.FromSeconds(15);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-smalllab-").FullName;
    private readonly TheLab _lab = TheLab.Build();
    private readonly Authority _authority;

    private SmallLab()
    {
        _authority = Authority.Make(Cluster, Path.Combine(_folder, "ca"), TimeProvider.System.GetUtcNow());
        File = WebService.Write(_folder, Cluster, $"0.0.0.0:{GatewayPort}", replicas: 3);
    }

    public string File { get; private set; }
    public List<LabMachine> Servers { get; } = [];

    public static SmallLab Given(int servers, long? diskBytes = null)
    {
        var small = new SmallLab();
        for (var i = 1; i <= servers; i++) small.Servers.Add(small.Add($"s{i}", PeerRole.Server, diskBytes));
        return small;
    }

    /// <summary>A machine with a certificate.</summary>
    public LabMachine Add(string name, PeerRole role, long? diskBytes = null, TimeSpan? life = null)
    {
        var machine = _lab.AddMachine(name, diskBytes: diskBytes);
        _authority.Issue(new PeerIdentity(Cluster, role, NodeName.Of(name)), [machine.Address.ToString()], Tls(name),
            life ?? TimeSpan.FromDays(2), TimeProvider.System.GetUtcNow());
        return machine;
    }

    /// <summary>A machine that will have another's certificate.</summary>
    public LabMachine AddTwin(string name) => _lab.AddMachine(name);

    public void Talk(int bytesASecond) => File =
        WebService.Write(_folder, Cluster, $"0.0.0.0:{GatewayPort}", replicas: 3, bytesASecond);

    public LabProcess StartServer(LabMachine machine, params string[] before) => Start(machine, before, "server",
    [
        "--name", machine.Name, "--listen", $"{machine.Address}:{ServerPort}", "--tls", Tls(machine.Name),
        .. Servers.Count == 1
            ? (string[])[]
            : ["--etcd", string.Join(',', Servers.Select(s => s.Etcd(encrypted: true)))],
    ], Servers);

    public LabProcess StartAgent(LabMachine machine, string? name = null, string[]? before = null,
        IEnumerable<LabMachine>? servers = null) => Start(machine, before ?? [], "agent",
    [
        "--name", name ?? machine.Name, "--zone", "a", "--listen", $"{machine.Address}:{AgentPort}",
        "--tls", Tls(name ?? machine.Name),
    ], servers ?? Servers);

    public LabProcess StartGateway(LabMachine machine, string? name = null, params string[] before) =>
        Start(machine, before, "gateway", ["--name", name ?? machine.Name, "--tls", Tls(name ?? machine.Name)],
            Servers);

    public void StartEtcd()
    {
        foreach (var server in Servers) server.StartEtcd(Servers, machine => new TlsFolder(Tls(machine.Name)));
    }

    public Task<(int Code, string Printed)> TryAsync(LabMachine server, params string[] command) =>
        server.TangramAsync(ReadyWithin, command);

    public async Task DeployAsync(LabMachine server)
    {
        await LeaderAsync(server);
        var (code, printed) = await TryAsync(server, "deploy", "-f", File);
        Assert.True(code == 0, $"{printed}\n{server.Tail()}");
    }

    public Task<StatusView> LeaderAsync(LabMachine server) => SaysAsync(server, s => s.Leader is not null, "a leader");

    public async Task<StatusView> SaysAsync(LabMachine server, Func<StatusView, bool> wanted, string what) =>
        await Until.SomeAsync(async () => await StatusAsync(server) is { } status && wanted(status) ? status : null,
            ReadyWithin, () => $"{what}\n{string.Join("\n", _lab.Machines.Select(m => m.Tail()))}");

    public Task ReadyAsync(LabMachine server, int nodes) => SaysAsync(server,
        s => s is { Ready: true, Leader: not null } && s.Nodes.Count(n => n.State == "ready") == nodes, "ready");

    /// <summary>Until a program has printed this.</summary>
    public static Task PrintedAsync(LabProcess program, string text) => Until.SomeAsync(
        () => Task.FromResult(program.Printed.Contains(text, StringComparison.Ordinal) ? text : null),
        ReadyWithin, () => $"'{text}'. {program.Tail()}");

    public static Task<StatusView?> StatusAsync(LabMachine server) => AskAsync<StatusView>(server, "/v1/status");
    public static async Task<ReplicaView[]> PsAsync(LabMachine server) =>
        await AskAsync<ReplicaView[]>(server, "/v1/ps") ?? [];

    /// <summary>What runs, so that a test can tell whether it still does.</summary>
    public static async Task<string[]> PidsAsync(LabMachine server) =>
        [.. (await PsAsync(server)).Select(r => $"{r.Replica} {r.Node} {r.Pid} {r.State}").Order()];

    /// <summary>What runs once nothing has changed for longer than a leader waits before it rebalances. Many programs
    /// that have just been started keep two cores busy for longer than a node may be silent, and what that brings about
    /// is not over with the first moment in which all is ready.</summary>
    public static async Task<string[]> SettledAsync(LabMachine server)
    {
        var (runs, since) = (await PidsAsync(server), TimeProvider.System.GetTimestamp());
        return await Until.SomeAsync(async () =>
        {
            var now = await PidsAsync(server);
            if (!now.SequenceEqual(runs)) (runs, since) = (now, TimeProvider.System.GetTimestamp());
            return TimeProvider.System.GetElapsedTime(since) > Calm ? runs : null;
        }, ReadyWithin, () => $"that nothing changes for {Calm.TotalSeconds} s\n{server.Tail()}");
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private LabProcess Start(LabMachine machine, string[] before, string role, IEnumerable<string> options,
        IEnumerable<LabMachine> servers) => machine.Start($"tangram {role}",
    [
        "/usr/bin/env", .. before, ShopCluster.Binary, role, "--cluster", Cluster,
        "--server", string.Join(',', servers.Select(s => $"{s.Address}:{ServerPort}")), .. options,
    ], machine.TangramEnvironment());

    private static async Task<T?> AskAsync<T>(LabMachine server, string path) where T : class
    {
        try
        {
            using var client = new Cli.ClusterClient(
                new Cli.ClusterPlace(Cluster, Cli.SocketPlace.Of(server.Disk, Cluster), null));
            using var patience = new CancellationTokenSource(Prompt, TimeProvider.System);
            return await client.GetAsync<T>(path, patience.Token);
        }
        catch (Exception e) when (e is Cli.CommandFailure or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private string Tls(string name) => Path.Combine(_folder, "tls", name);
}
