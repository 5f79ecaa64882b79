using System.Diagnostics;
using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.ClusterTests.BadInput;

/// <summary>A server, an agent and a gateway on loopback, each a process with a state folder of its own, with mutual
/// TLS or in plain text.</summary>
internal sealed class SmallHouse : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-smallhouse-").FullName;
    private readonly List<Child> _children = [];
    private readonly Authority? _authority;

    private SmallHouse(bool encrypted)
    {
        Cluster = $"house-{ServerPort}";
        if (encrypted)
            _authority = Authority.Make(Cluster, Path.Combine(_folder, "ca"), TimeProvider.System.GetUtcNow());
        File = WebService.Write(_folder, Cluster, $"127.0.0.1:{GatewayPort}", replicas: 2);
    }

    public string Cluster { get; }
    public string File { get; }
    public int ServerPort { get; } = FreePort.Take();
    public int AgentPort { get; } = FreePort.Take();
    public int GatewayPort { get; } = FreePort.Take();
    public string Socket => Cli.SocketPlace.Of(State("server"), Cluster);
    public Uri Gateway => new($"http://127.0.0.1:{GatewayPort}/");

    public static SmallHouse Given(bool encrypted = false) => new(encrypted);

    /// <summary>With two replicas that are ready, all three processes with few descriptors.</summary>
    public static async Task<(SmallHouse House, Child Server, Child Agent, Child Gateway)> ReadyAsync(bool encrypted)
    {
        var house = Given(encrypted);
        try
        {
            var (server, agent, gateway) = (house.StartServer(), house.StartAgent(), house.StartGateway());
            await house.DeployAsync();
            await house.ReadyAsync();
            return (house, server, agent, gateway);
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    public Child StartServer(params string[] more) => Start("server",
        ["server", "--name", "s1", "--listen", $"127.0.0.1:{ServerPort}", .. Tls(PeerRole.Server, "s1"), .. more]);

    public Child StartAgent() => Start("agent",
        ["agent", "--name", "n1", "--zone", "a", "--listen", $"127.0.0.1:{AgentPort}", .. Tls(PeerRole.Agent, "n1")]);

    public Child StartGateway() => Start("gateway", ["gateway", "--name", "g1", .. Tls(PeerRole.Gateway, "g1")]);

    public async Task DeployAsync()
    {
        await Until.SomeAsync(async () => (await StatusAsync())?.Leader, ReadyWithin, Printed);
        var start = new ProcessStartInfo(ShopCluster.Binary, ["deploy", "-f", File]);
        ShopCluster.Surround(start, State("server"));
        using var child = new Child(start);
        Assert.True(await child.EndAsync(ReadyWithin) == 0, child.Printed + Printed());
    }

    public Task ReadyAsync() => Until.SomeAsync(async () => await StatusAsync() is { Ready: true, Leader: not null } s
        && s.Nodes.Any(n => n.State == "ready") && s.Gateways.Count == 1 ? s : null, ReadyWithin, Printed);

    public Task PrintedAsync(Child child, string text) => Until.SomeAsync(
        () => Task.FromResult(child.Printed.Contains(text, StringComparison.Ordinal) ? text : null),
        ReadyWithin, () => $"'{text}' in:\n{child.Printed}");

    public Task<StatusView?> StatusAsync() => AskAsync<StatusView>("/v1/status");

    /// <summary>What runs, so that a test can tell whether it still does.</summary>
    public async Task<string[]> PidsAsync() =>
        [.. (await AskAsync<ReplicaView[]>("/v1/ps") ?? []).Select(r => $"{r.Replica} {r.Pid}").Order()];

    public async Task<int> ReplicaPortAsync() => (await AskAsync<ReplicaView[]>("/v1/ps"))![0].Port!.Value;

    /// <summary>Where the agent takes calls between services.</summary>
    public int[] ServicePorts() => [.. System.IO.File.ReadLines(Path.Combine(State("agent"), Cluster, "service-ports"))
        .Select(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))];

    public string Printed() => string.Join("\n---\n", _children.Select(c => c.Printed));

    public TlsFolder Folder(PeerRole role, string name)
    {
        var folder = Path.Combine(_folder, "tls", $"{PeerIdentity.TextOf(role)}-{name}");
        if (!Directory.Exists(folder))
            _authority!.Issue(new PeerIdentity(Cluster, role, NodeName.Of(name)), ["127.0.0.1"], folder,
                TimeSpan.FromDays(1), TimeProvider.System.GetUtcNow());
        return new TlsFolder(folder);
    }

    /// <summary>Of the processes together, in bytes.</summary>
    public static long Memory(params Child[] children) => children.Sum(child => System.IO.File
        .ReadLines($"/proc/{child.Pid}/status").Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024).First());

    public async ValueTask DisposeAsync()
    {
        var mark = System.IO.File.Exists(Path.Combine(State("agent"), Cluster, "id"))
            ? $"TANGRAM_CLUSTER_ID={System.IO.File.ReadAllText(Path.Combine(State("agent"), Cluster, "id")).Trim()}"
            : null;
        foreach (var child in _children)
        {
            await child.KillAsync();
            child.Dispose();
        }
        if (mark is not null)
            foreach (var left in ProcessStat.All())
                if (!left.Ended && ProcessStat.EnvironmentOf(left.Pid).Contains(mark)) ShopCluster.Kill(left.Pid);
        _authority?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Child Start(string role, IEnumerable<string> arguments)
    {
        // Few enough to be used up in a test.
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "ulimit -n 1024; exec \"$@\"", "sh", ShopCluster.Binary, .. arguments, "--cluster", Cluster,
            "--server", $"127.0.0.1:{ServerPort}",
        ]) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, State(role));
        var child = new Child(start);
        _children.Add(child);
        return child;
    }

    private string[] Tls(PeerRole role, string name) => _authority is null ? [] : ["--tls", Folder(role, name).Path];

    private string State(string role) => Path.Combine(_folder, role);

    private async Task<T?> AskAsync<T>(string path) where T : class
    {
        try
        {
            using var client = new Cli.ClusterClient(new Cli.ClusterPlace(Cluster, Socket, null));
            return await client.GetAsync<T>(path, default);
        }
        catch (Exception e) when (e is Cli.CommandFailure or IOException) { return null; }
    }
}
