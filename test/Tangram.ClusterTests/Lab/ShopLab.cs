using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.ClusterTests.Lab;

/// <summary>The shop on machines of its own: three servers with an etcd member each, six agents and two gateways, over
/// three zones, with mutual TLS between all of them, and callers on one more machine.</summary>
internal sealed class ShopLab : IAsyncDisposable
{
    private const int ServerPort = 7600, AgentPort = 7601, GatewayPort = 8080;
    private const double LoadRate = 300, LeastRate = 50;
    private const string Cluster = "shop";
    private static readonly string[] Zones = ["a", "b", "c"];
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(120), Look = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan CommandPatience = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-shoplab-").FullName;
    private readonly Authority _authority;
    private double _rate = LoadRate;

    private ShopLab(TheLab lab, Func<ShopLab, string>? services)
    {
        Lab = lab;
        _authority = Authority.Make(Cluster, Path.Combine(_folder, "ca"), TimeProvider.System.GetUtcNow());
        Servers = [.. Zones.Select(zone => lab.AddMachine($"s-{zone}", zone))];
        Agents = [.. from zone in Zones from n in Enumerable.Range(1, 2) select lab.AddMachine($"n-{zone}{n}", zone)];
        Gateways = [.. Zones.Take(2).Select(zone => lab.AddMachine($"g-{zone}", zone))];
        Client = lab.AddMachine("client");
        foreach (var machine in Servers) Issue(machine, PeerRole.Server);
        foreach (var machine in Agents) Issue(machine, PeerRole.Agent);
        foreach (var machine in Gateways) Issue(machine, PeerRole.Gateway);
        WriteFile(services?.Invoke(this) ?? "");
    }

    public TheLab Lab { get; }
    public LabMachine[] Servers { get; }
    public LabMachine[] Agents { get; }
    public LabMachine[] Gateways { get; }
    public LabMachine Client { get; }
    public string File => FileOf("compose.yaml");
    private string Executions => Path.Combine(_folder, "executions");
    private string ServerList => string.Join(',', Servers.Select(s => $"{s.Address}:{ServerPort}"));

    /// <summary>A file that all machines see.</summary>
    public string FileOf(string name) => Path.Combine(_folder, name);

    /// <summary>Given the shop, deployed and ready.</summary>
    /// <param name="services">More services, as they stand in the file.</param>
    public static async Task<ShopLab> ReadyAsync(Func<ShopLab, string>? services = null)
    {
        var lab = TheLab.Build(Zones);
        ShopLab? shop = null;
        try
        {
            shop = new ShopLab(lab, services);
            foreach (var machine in shop.Servers) shop.StartEtcd(machine);
            foreach (var machine in shop.Servers) shop.StartServer(machine);
            foreach (var machine in shop.Agents) shop.StartAgent(machine);
            foreach (var machine in shop.Gateways) shop.StartGateway(machine);
            await shop.LeaderAsync();
            var (code, printed) = await shop.Servers[0].TangramAsync(ReadyWithin, "deploy", "-f", shop.File);
            Assert.True(code == 0, $"{printed}\n{shop.Servers[0].Tail()}");
            await shop.WholeAsync();
            return shop;
        }
        catch
        {
            if (shop is null) await lab.DisposeAsync();
            else await shop.DisposeAsync();
            throw;
        }
    }

    public void StartEtcd(LabMachine machine)
    {
        var tls = TlsOf(machine);
        var (client, peer) = (Etcd(machine), $"https://{machine.Address}:2380");
        machine.Start("etcd",
        [
            Needs.Program("etcd"), "--name", machine.Name, "--data-dir", Path.Combine(machine.Disk, "etcd"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--logger", "zap",
            "--initial-cluster", string.Join(',', Servers.Select(s => $"{s.Name}=https://{s.Address}:2380")),
            "--cert-file", tls.CertificateFile, "--key-file", tls.KeyFile, "--trusted-ca-file", tls.CaFile,
            "--client-cert-auth", "--pre-vote", "--peer-cert-file", tls.CertificateFile, "--peer-key-file", tls.KeyFile,
            "--peer-trusted-ca-file", tls.CaFile, "--peer-client-cert-auth",
        ]);
    }

    public LabProcess StartServer(LabMachine machine) => machine.StartTangram("server",
    [
        "--cluster", Cluster, "--name", machine.Name, "--listen", $"{machine.Address}:{ServerPort}",
        "--server", ServerList, "--etcd", string.Join(',', Servers.Select(Etcd)), "--tls", TlsOf(machine).Path,
    ]);

    public LabProcess StartAgent(LabMachine machine) => machine.StartTangram("agent",
    [
        "--cluster", Cluster, "--name", machine.Name, "--zone", machine.Zone, "--server", ServerList,
        "--listen", $"{machine.Address}:{AgentPort}", "--tls", TlsOf(machine).Path,
    ]);

    public LabProcess StartGateway(LabMachine machine) => machine.StartTangram("gateway",
        ["--cluster", Cluster, "--name", machine.Name, "--server", ServerList, "--tls", TlsOf(machine).Path]);

    /// <summary>Given that it has served for a while, and at a rate that leaves room for what a drill is about: twenty
    /// programs that have just been started share two cores, and what their first requests cost is the start's, not a
    /// fault's.</summary>
    /// <param name="most">Requests a second.</param>
    public async Task WarmAsync(double most = LoadRate)
    {
        _rate = await CarriedRate.FindAsync(most, LeastRate, async rate =>
        {
            await using var load = StartLoad(rate, Look);
            return await load.EndAsync();
        });
    }

    /// <summary>Where a gateway takes requests for orders.</summary>
    public Uri Orders(LabMachine gateway) => gateway.Url(GatewayPort, "/api/orders");

    /// <summary>Requests every second, a third of them POSTs, at both gateways' addresses.</summary>
    /// <param name="rate">Null: what it carries.</param>
    /// <param name="lasts">Null: until it is stopped.</param>
    /// <param name="patience">Of each request, in seconds.</param>
    public LabLoad StartLoad(double? rate = null, TimeSpan? lasts = null, int patience = 10)
    {
        var orders = Gateways.Select(Orders).ToArray();
        return LabLoad.Start(Client, rate ?? _rate, lasts, orders, "--mix", $"GET {orders[0]} 2",
            "--mix", $"POST {orders[0]} 1", "--id-header", "x-request-id", "--timeout", $"{patience}s");
    }

    public async Task<LabMachine> LeaderAsync() => await Until.SomeAsync(async () =>
    {
        var leader = (await AnyStatusAsync())?.Leader;
        return Servers.FirstOrDefault(s => s.Name == leader);
    }, ReadyWithin, () => $"a leader\n{Servers[0].Tail()}");

    /// <summary>Every wanted replica is ready and routed, by the word of a server that can be reached.</summary>
    public Task WholeAsync(TimeSpan? within = null) => Until.SomeAsync(
        async () => await AnyStatusAsync() is { Ready: true } status ? status : null, within ?? ReadyWithin,
        () => $"whole\n{Servers[0].Tail()}\n{Agents[0].Tail()}");

    /// <summary>Whole, and with every machine: all that was struck has been healed and is known to be back.</summary>
    public Task SoundAsync() => Until.SomeAsync(
        async () => await AnyStatusAsync() is { Ready: true, Leader: not null } status
            && status.Nodes.Count(n => n.State == "ready") == Agents.Length
            && status.Gateways.Count == Gateways.Length ? status : null,
        ReadyWithin, () => $"sound\n{Servers[0].Tail()}\n{Agents[0].Tail()}\n{Gateways[0].Tail()}");

    /// <summary>The machine is off and all that ran there is gone.</summary>
    public void PowerOff(params LabMachine[] machines)
    {
        foreach (var machine in machines) machine.PowerOff();
    }

    /// <summary>As an operating system would: power, then what is to run there.</summary>
    public void PowerOn(params LabMachine[] machines)
    {
        foreach (var machine in machines)
        {
            machine.PowerOn();
            if (Servers.Contains(machine)) StartEtcd(machine);
            StartProgram(machine);
        }
    }

    /// <summary>The part of Tangram that runs on this machine.</summary>
    public LabProcess StartProgram(LabMachine machine) => Servers.Contains(machine) ? StartServer(machine)
        : Agents.Contains(machine) ? StartAgent(machine) : StartGateway(machine);

    public LabMachine[] In(string zone) =>
        [.. Servers.Concat(Agents).Concat(Gateways).Where(machine => machine.Zone == zone)];

    /// <summary>The machine whose etcd member leads.</summary>
    public async Task<LabMachine> EtcdLeaderAsync() => await Until.SomeAsync(async () =>
    {
        foreach (var server in Servers.Where(s => s.IsOn))
        {
            var (code, printed) = await server.RunAsync(CommandPatience,
                EtcdCtl([server], "--command-timeout", "2s", "endpoint", "status"));
            if (code == 0 && printed.Split(", ") is { Length: > 4 } columns && columns[4] == "true") return server;
        }
        return null;
    }, CommandPatience, () => "a leader of etcd");

    /// <summary>The line that asks these members.</summary>
    public string[] EtcdCtl(IEnumerable<LabMachine> members, params IEnumerable<string> arguments)
    {
        var tls = TlsOf(Servers[0]);
        return
        [
            Needs.Program("etcdctl"), "--endpoints", string.Join(',', members.Select(Etcd)), "--cacert", tls.CaFile,
            "--cert", tls.CertificateFile, "--key", tls.KeyFile, .. arguments,
        ];
    }

    /// <summary>What a server that answers says; null when none does.</summary>
    public async Task<StatusView?> AnyStatusAsync(LabMachine? except = null)
    {
        foreach (var server in Servers.Where(s => s.IsOn && s != except))
            if (await StatusAsync(server) is { } status) return status;
        return null;
    }

    public async Task<StatusView?> StatusAsync(LabMachine server)
    {
        try
        {
            using var client = ClientOf(server);
            // A server that stands still takes the connection and says nothing.
            using var patience = new CancellationTokenSource(Prompt, TimeProvider.System);
            return await client.GetAsync<StatusView>("/v1/status", patience.Token);
        }
        catch (Exception e) when (e is Cli.CommandFailure or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>A caller of the API on a server's machine.</summary>
    public Cli.ClusterClient ClientOf(LabMachine server) =>
        new(new Cli.ClusterPlace(Cluster, Cli.SocketPlace.Of(server.Disk, Cluster), null));

    /// <summary>Where the program of Tangram on a machine keeps what it writes.</summary>
    public static string StateOf(LabMachine machine) => Path.Combine(machine.Disk, Cluster);

    /// <summary>The ids of POSTs that replicas noted, one per execution.</summary>
    public string[] Executed() => System.IO.File.Exists(Executions)
        ? [.. System.IO.File.ReadLines(Executions).Select(line => line.Split(' ')[0])]
        : [];

    public TlsFolder TlsOf(LabMachine machine) => new(Path.Combine(_folder, "tls", machine.Name));

    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Etcd(LabMachine machine) => $"https://{machine.Address}:2379";

    private void Issue(LabMachine machine, PeerRole role) => _authority.Issue(
        new PeerIdentity(Cluster, role, NodeName.Of(machine.Name)), [machine.Address.ToString()],
        TlsOf(machine).Path, TimeSpan.FromDays(2), TimeProvider.System.GetUtcNow());

    private void WriteFile(string services)
    {
        var example = Path.Combine(Repository.Root, "examples", "shop");
        System.IO.File.WriteAllText(File, System.IO.File.ReadAllText(Path.Combine(example, "compose.yaml"))
            .Replace("\nservices:\n", $"\nservices:\n{services}")
            .Replace("files: bin/", $"files: {example}/bin/")
            .Replace("127.0.0.1:8080", $"0.0.0.0:{GatewayPort}")
            .Replace("LATENCY_MS: \"5\"", $"LATENCY_MS: \"5\", EXECUTIONS: \"{Executions}\""));
    }
}
