using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.ClusterTests.Lab;

/// <summary>A server, an agent and two gateways, which order certificates from an ACME authority on one more machine:
/// Caddy's, or Pebble, which issues for a short time and refuses good nonces now and then. a.test leads to the first
/// gateway, b.test to the second.</summary>
internal sealed class AcmeLab : IAsyncDisposable
{
    private const int ServerPort = 7600, AgentPort = 7601, AuthorityPort = 9443;
    private const string Cluster = "acme";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TheLab _lab = TheLab.Build("a");
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-acmelab-").FullName;
    private readonly Authority _authority;

    private AcmeLab()
    {
        _authority = Authority.Make(Cluster, At("ca"), TimeProvider.System.GetUtcNow());
        (Server, Agent) = (Machine("s", PeerRole.Server), Machine("n", PeerRole.Agent));
        Gateways = [Machine("g-1", PeerRole.Gateway), Machine("g-2", PeerRole.Gateway)];
        Acme = _lab.AddMachine("ca");
        File.WriteAllText(At("hosts"), $"{Acme.Address} acme.test\n{Gateways[0].Address} a.test\n" +
            $"{Gateways[1].Address} b.test\n127.0.0.1 localhost\n");
    }

    public LabMachine Server { get; }
    public LabMachine Agent { get; }
    public LabMachine[] Gateways { get; }
    public LabMachine Acme { get; }

    /// <summary>Null: Pebble makes a new one at each start.</summary>
    private string? RootFile { get; set; }

    private string DirectoryPath => RootFile is null ? "dir" : "acme/local/directory";

    public static Task<AcmeLab> WithCaddyAsync(string challenge, params string[] domains) =>
        ReadyAsync(lab => lab.StartCaddyAsync(), challenge, domains);

    public static Task<AcmeLab> WithPebbleAsync(TimeSpan life, string challenge, params string[] domains) =>
        ReadyAsync(lab => lab.StartPebble(life), challenge, domains);

    private static async Task<AcmeLab> ReadyAsync(Func<AcmeLab, Task> startAcme, string challenge, string[] domains)
    {
        var lab = new AcmeLab();
        try
        {
            await startAcme(lab);
            lab.StartServer();
            lab.Agent.StartTangram("agent", "--cluster", Cluster, "--name", "n", "--zone", "a", "--server",
                lab.ServerAddress, "--listen", $"{lab.Agent.Address}:{AgentPort}", "--tls", lab.At("tls/n"));
            foreach (var gateway in lab.Gateways) lab.StartGateway(gateway);
            await lab.DeployAsync(challenge, domains);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>It finds the authority by name.</summary>
    public LabProcess StartServer() => Server.Start("tangram server", InHosts(ShopCluster.Binary, "server", "--cluster",
        Cluster, "--name", "s", "--listen", ServerAddress, "--server", ServerAddress, "--tls", At("tls/s")),
        Server.TangramEnvironment());

    public LabProcess StartGateway(LabMachine machine) => machine.StartTangram("gateway", "--cluster", Cluster,
        "--name", machine.Name, "--server", ServerAddress, "--tls", At($"tls/{machine.Name}"));

    public async Task DeployAsync(string challenge, params string[] domains)
    {
        File.WriteAllText(At("compose.yaml"), $$"""
            name: {{Cluster}}
            services: { idle: { command: [sleep, infinity], stop_grace_period: 1s } }
            x-tangram:
              gateway:
                listen: ["http://*:80", "https://*:443"]
                routes: [ { path: /, redirect: { host: elsewhere.test } } ]
                acme:
                  directory: https://acme.test:{{AuthorityPort}}/{{DirectoryPath}}
                  ca: {{RootFile ?? At("ca/ca.crt")}}
                  domains: [{{string.Join(", ", domains)}}]
                  challenge: {{challenge}}
            """);
        await Until.SomeAsync(async () =>
        {
            var (code, printed) = await Server.TangramAsync(Patience, "deploy", "-f", At("compose.yaml"));
            return code == 0 ? printed : null;
        }, Patience, Tail);
    }

    /// <summary>What a client that trusts the authority, and no other, sees of a domain at one gateway: the day and
    /// time at which its certificate begins; null when it refuses.</summary>
    public async Task<string?> ShownAsync(LabMachine gateway, string domain)
    {
        var (code, printed) = await Acme.RunAsync(Patience,
        [
            Needs.Program("curl"), "-sS", "--max-time", "5",
            .. RootFile is { } root ? (string[])["--cacert", root] : ["-k"], "--resolve",
            $"{domain}:443:{gateway.Address}", "-o", "/dev/null",
            "-w", "%{http_code} %{certs}", $"https://{domain}/",
        ]);
        return code != 0 || !printed.StartsWith("307 ", StringComparison.Ordinal) ? null
            : printed.Split('\n').First(line => line.StartsWith("Start date", StringComparison.Ordinal));
    }

    public Task<string> BecomesShownAsync(LabMachine gateway, string domain, string? other = null) =>
        Until.SomeAsync(async () => await ShownAsync(gateway, domain) is { } shown && shown != other ? shown : null,
            Patience, () => $"{domain} at {gateway.Name}. {Tail()}");

    public async Task<string> SaysAsync(params string[] command) =>
        (await Server.TangramAsync(Patience, [.. command, "-f", At("compose.yaml")])).Printed;

    public static string CopyOf(LabMachine machine) => Path.Combine(machine.Disk, Cluster, "known.json");

    public string Tail() => $"{Server.Tail()}\n{Gateways[0].Tail()}\n{Acme.Tail()}";

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string ServerAddress => $"{Server.Address}:{ServerPort}";

    private string At(string name) => Path.Combine(_folder, name);

    private LabMachine Machine(string name, PeerRole role)
    {
        var machine = _lab.AddMachine(name);
        _authority.Issue(new PeerIdentity(Cluster, role, NodeName.Of(name)), [machine.Address.ToString()],
            At($"tls/{name}"), TimeSpan.FromDays(2), TimeProvider.System.GetUtcNow());
        return machine;
    }

    /// <summary>Each fourth nonce is refused though it is good.</summary>
    private Task StartPebble(TimeSpan life)
    {
        var files = new CertificateSpec(At("pebble.crt"), At("pebble.key"));
        _authority.IssueToGateway(files, ["acme.test"], TimeSpan.FromDays(2), TimeProvider.System.GetUtcNow());
        File.WriteAllText(At("pebble.json"), $$"""
            { "pebble": {
                "listenAddress": "0.0.0.0:{{AuthorityPort}}", "managementListenAddress": "127.0.0.1:15000",
                "certificate": "{{files.Cert}}", "privateKey": "{{files.Key}}", "httpPort": 80, "tlsPort": 443,
                "certificateValidityPeriod": {{(int)life.TotalSeconds}}
            } }
            """);
        Acme.Start("acme", InHosts(Needs.Program("pebble"), "-config", At("pebble.json"), "-strict"),
            new Dictionary<string, string?> { ["PEBBLE_VA_NOSLEEP"] = "1", ["PEBBLE_WFE_NONCEREJECT"] = "25" });
        return Task.CompletedTask;
    }

    private async Task StartCaddyAsync()
    {
        RootFile = Path.Combine(Acme.Disk, "data/caddy/pki/authorities/local/root.crt");
        var caddyfile = At("Caddyfile");
        File.WriteAllText(caddyfile, $$"""
            {
              admin off
              auto_https disable_redirects
              skip_install_trust
              http_port 9080
              https_port {{AuthorityPort}}
            }
            https://acme.test:{{AuthorityPort}} {
              tls internal
              acme_server
            }
            """);
        Acme.Start("acme", InHosts(Needs.Program("caddy"), "run", "--config", caddyfile, "--adapter", "caddyfile"),
            new Dictionary<string, string?>
            {
                ["HOME"] = Acme.Disk, ["XDG_DATA_HOME"] = Path.Combine(Acme.Disk, "data"),
            });
        await Until.SomeAsync(() => Task.FromResult(File.Exists(RootFile) ? RootFile : null), Patience, Acme.Tail);
    }

    /// <summary>With names of the lab's own, in its view of the file system alone.</summary>
    private string[] InHosts(params string[] command) =>
    [
        Needs.Program("unshare"), "--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", At("hosts"),
        .. command,
    ];
}
