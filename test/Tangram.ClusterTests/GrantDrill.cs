using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tangram.ClusterTests.BadInput;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Routing.Tls;
using Tangram.Deploying;

namespace Tangram.ClusterTests;

/// <summary>A service that reads its config, its secret and its volume, as real processes.</summary>
public sealed class GrantDrill : IAsyncDisposable
{
    private const string First = "aardvark-7351-first", Second = "bandicoot-9264-second", Token = "TOKEN_OF_DRILL";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-grants-").FullName;
    private readonly string _name = $"grants-{FreePort.Take()}";
    private readonly List<string> _printed = [];

    private string File => Path.Combine(_folder, "compose.yaml");
    private string State => Path.Combine(_folder, "state", _name);

    [Fact]
    public async Task A_service_reads_what_it_is_given_and_a_rollback_brings_the_old_content_back()
    {
        // Given a service that tells what it finds, on one node
        Write("one");
        await DoAsync(First, "up", "-f", File, "--detach");
        Assert.Equal(["one", First, "started once"], await SaidAsync(1));

        // When the same is deployed again, then nothing moves
        Assert.Contains("nothing to change", await DoAsync(First, "deploy", "-f", File));

        // When the config and the secret change
        Write("two");
        var (plan, diff) = (await DoAsync(Second, "plan", "-f", File), await DoAsync(Second, "diff", "-f", File));
        await DoAsync(Second, "deploy", "-f", File);

        // Then the change was told without its content, the new ones are read, and the volume is the same
        Assert.Contains("would move every replica of: web", plan);
        Assert.Contains("web: the secret 'token' has changed", plan);
        Assert.Equal(["~ services.web.configs.app.yaml: changed", "~ services.web.secrets.token: changed"],
            diff.Split('\n').Where(line => line is ['~' or '+' or '-', ..]));
        Assert.Equal(["two", Second, "started once", "started once"], await SaidAsync(2));

        // When it is rolled back, then the old content is back
        await DoAsync(Second, "rollback", "-f", File);
        Assert.Equal(["one", First, "started once", "started once", "started once"], await SaidAsync(3));

        // And the daemon is started anew, with the first secret in its environment, then nothing moves either
        await DoAsync(Second, "config", "-f", File);
        await DoAsync(Second, "config", "--json", "-f", File);
        await DoAsync(Second, "history", "--json", "-f", File);
        await DoAsync(Second, "events", "--json", "-f", File);
        await DoAsync(Second, "ps", "--json", "-f", File);
        Write("one");
        await DoAsync(First, "up", "-f", File, "--detach", "--replace");
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_folder, "out")).Length);

        // Then the secrets are in their own files, which only their owner can read, and nowhere else
        foreach (var secret in new[] { First, Second })
        {
            var file = Assert.Single(Holding(secret, State));
            Assert.Equal("token", Path.GetFileName(file));
            Assert.Equal(UnixFileMode.UserRead, System.IO.File.GetUnixFileMode(file));
            Assert.Equal(FolderContent.OwnFolder, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(file)!));
            Assert.DoesNotContain(_printed, text => text.Contains(secret, StringComparison.Ordinal));
        }

        // When the cluster goes, then its volume stays until it is asked for
        var volume = Path.Combine(State, "nodes", "a-1", "volumes", "kept");
        Assert.Contains("kept", await DoAsync(First, "down", "-f", File));
        Assert.True(Directory.Exists(volume));
        await DoAsync(First, "down", "--volumes", "-f", File);
        Assert.False(Directory.Exists(volume));
    }

    [Fact]
    public async Task An_agent_is_sent_what_its_replicas_are_given()
    {
        // Given a server and an agent with state folders of their own, and a service with a secret of the server's disk
        await using var house = SmallHouse.Given(encrypted: true);
        var folder = Path.GetDirectoryName(house.File)!;
        await System.IO.File.WriteAllTextAsync(Path.Combine(folder, "token"), First);
        await System.IO.File.WriteAllTextAsync(house.File,
            $$"""
              name: {{house.Cluster}}
              services:
                web:
                  command: [sh, -c, 'cat "$$TANGRAM_SECRET_TOKEN" > {{folder}}/new; mv {{folder}}/new {{folder}}/said;
                             exec sleep 1000']
                  secrets: [token]
                  deploy: { update_config: { monitor: 1s } }
              secrets: { token: { file: token } }
              """);

        // When it is deployed
        house.StartServer();
        house.StartAgent();
        await house.DeployAsync();

        // Then the replica reads it, and of each state folder only the copy holds it
        Assert.Equal(First, await System.IO.File.ReadAllTextAsync(Path.Combine(folder, "said")));
        Assert.Equal(["agent", "server"], Holding(First, folder).Where(file => file.Contains("/secrets/"))
            .Select(file => Path.GetRelativePath(folder, file).Split('/')[0]).Order());
        Assert.Equal(4, Holding(First, folder).Count);
        Assert.DoesNotContain(First, house.Printed());
    }

    [Fact]
    public async Task A_gateway_is_sent_the_certificate_that_it_shows_and_each_that_follows()
    {
        // Given a server, an agent and a gateway with state folders of their own, and certificates on the server's disk
        using var certificates = new TestCertificates();
        var files = certificates.Issue("own", ["127.0.0.1"]);
        await using var house = SmallHouse.Given(encrypted: true);
        var folder = Path.GetDirectoryName(house.File)!;
        var text = await System.IO.File.ReadAllTextAsync(house.File);
        Assert.Contains("http://127.0.0.1", text);
        await System.IO.File.WriteAllTextAsync(house.File, text.Replace(
            $"[\"http://127.0.0.1:{house.GatewayPort}\"]", $"[\"https://127.0.0.1:{house.GatewayPort}\"], " +
            "certificates: [ { cert: secret:cert, key: secret:key } ]") +
            $"\nsecrets: {{ cert: {{ file: {files.Cert} }}, key: {{ file: {files.Key} }} }}\n");
        house.StartServer();
        house.StartAgent();
        var gateway = house.StartGateway();
        foreach (var turn in (int[])[1, 2])
        {
            // When it is deployed, then the gateway shows it at once
            await house.DeployAsync();
            await house.ReadyAsync();
            var shown = "";
            using (var client = certificates.Trusting(seen: certificate => shown = certificate.Thumbprint))
            using (var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{house.GatewayPort}/")))
                Assert.True(answer.IsSuccessStatusCode, $"{turn}: {answer.StatusCode}");
            Assert.Equal(X509CertificateLoader.LoadCertificateFromFile(files.Cert).Thumbprint, shown);

            // And the key is in the copies of the server and the gateway, and nowhere else
            var key = (await System.IO.File.ReadAllLinesAsync(files.Key))[1];
            Assert.Equal(["gateway", "server"], Holding(key, folder)
                .Select(file => Path.GetRelativePath(folder, file).Split('/')[0]).Order());
            Assert.All(Holding(key, folder), file => Assert.EndsWith("/secrets/key", file));
            Assert.DoesNotContain(key, house.Printed());
            certificates.Issue("own", ["127.0.0.1"]);
        }
        Assert.False(gateway.HasEnded);
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(State)) await RunAsync(First, "down", "-f", File);
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Each start appends to the volume, and writes all that it finds into a file of its own.</summary>
    private void Write(string config) => System.IO.File.WriteAllText(File,
        $$"""
          name: {{_name}}
          services:
            web:
              command:
                - sh
                - -c
                - 'echo started once >> "$$TANGRAM_VOLUME_DATA/starts";
                   { cat "$$TANGRAM_CONFIG_APP_YAML"; echo; cat "$$TANGRAM_SECRETS/token"; echo;
                     cat "$$TANGRAM_VOLUME_DATA/starts"; } > {{_folder}}/new.$$TANGRAM_REVISION;
                   mkdir -p {{_folder}}/out; mv {{_folder}}/new.$$TANGRAM_REVISION {{_folder}}/out/$$TANGRAM_REVISION;
                   exec sleep 1000'
              configs: [{ source: app.yaml, target: etc/app.yaml }]
              secrets: [token]
              volumes: ["data:/var/lib/web"]
              deploy: { update_config: { monitor: 1s }, rollback_config: { monitor: 1s } }
          configs: { app.yaml: { content: "{{config}}" } }
          secrets: { token: { environment: {{Token}} } }
          volumes: { data: { name: kept } }
          x-tangram: { gateway: { listen: ["http://127.0.0.1:0"] } }
          """);

    private async Task<string[]> SaidAsync(int revision)
    {
        var file = Path.Combine(_folder, "out", $"{revision}");
        await Until.SomeAsync(() => Task.FromResult(System.IO.File.Exists(file) ? file : null), Patience,
            () => $"{file}. {string.Join('\n', _printed)}");
        return await System.IO.File.ReadAllLinesAsync(file);
    }

    /// <summary>The files below a folder that hold a text; the lock cannot be opened, and is empty.</summary>
    internal static List<string> Holding(string text, string folder) => [.. Directory.EnumerateFiles(folder, "*",
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
        .Where(file => Native.IsRegularFile(file) && Path.GetFileName(file) != "lock")
        .Where(file => ReadAll(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0)];

    private static byte[] ReadAll(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private async Task<string> DoAsync(string secret, params string[] arguments)
    {
        var (code, printed) = await RunAsync(secret, arguments);
        Assert.True(code == 0, $"tangram {string.Join(' ', arguments)} ended with {code}: {printed}");
        return printed;
    }

    private async Task<(int Code, string Printed)> RunAsync(string secret, params string[] arguments)
    {
        var start = new ProcessStartInfo(ShopCluster.Binary, arguments) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, Path.Combine(_folder, "state"));
        start.Environment[Token] = secret;
        using var child = new Child(start);
        var code = await child.EndAsync(Patience);
        _printed.Add(child.Printed);
        return (code, child.Printed);
    }
}
