using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Planning.Composing;

namespace Tangram.Tests.Planning;

/// <summary>Configs, secrets, volumes and networks: what a service is given, and what is said of the rest.</summary>
public sealed class GrantTests
{
    private const string Service = "services: { web: { command: [serve], KEY } }\n";

    private static (ComposeAnswer Answer, ServiceSpec? Web) Read(string key, string top, params string[] variables)
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = Service.Replace("KEY", key) + top,
            ["app.conf"] = "from a file",
            ["token"] = "s3cret",
        };
        foreach (var variable in variables) files.Variables[variable.Split('=')[0]] = variable.Split('=')[1];
        var answer = files.Read(["compose.yaml"]);
        return (answer, answer.Spec?.Find(ServiceName.Of("web")));
    }

    private static ServiceSpec Web(string key, string top, params string[] variables)
    {
        var (answer, web) = Read(key, top, variables);
        Assert.True(web is not null, string.Join('\n', answer.Problems));
        return web!;
    }

    private static string Error(string key, string top, params string[] variables) => Assert.Single(
        Read(key, top, variables).Answer.Problems, p => p.Severity == Severity.Error).ToString();

    private static string[] Contents(ComposeAnswer answer) => [.. (answer.Spec!.Contents ?? [])
        .Select(c => $"{c.Kind} {c.Name}: {Encoding.UTF8.GetString(c.Content.Bytes.Span)}")];

    [Fact]
    public void A_content_comes_from_a_file_from_the_text_and_from_the_environment()
    {
        var (answer, web) = Read("configs: [a, b, c], secrets: [d, e]",
            """
            configs: { a: { file: ./app.conf }, b: { content: "in $KIND text" }, c: { environment: CONF } }
            secrets: { d: { file: token }, e: { environment: TOKEN, name: others-call-it-so } }
            """, "CONF=from outside", "TOKEN=t0ken", "KIND=the");
        Assert.Equal(
            [
                "Config a: from a file", "Config b: in the text", "Config c: from outside", "Secret d: s3cret",
                "Secret e: t0ken",
            ],
            Contents(answer));
        Assert.Equal(["a 444", "b 444", "c 444", "d 400", "e 400"], web!.Configs.Concat(web.Secrets)
            .Select(g => $"{g.Target} {Convert.ToString(g.Mode, 8)}"));
    }

    [Fact]
    public void The_long_form_gives_a_path_and_a_mode()
    {
        var web = Web("configs: [{ source: a, target: app/a.json, mode: 0550 }], " +
            "secrets: [{ source: b, mode: '0444' }]",
            "configs: { a: { content: x } }\nsecrets: { b: { file: token } }");
        Assert.Equal(("app/a.json", 0b101_101_000), (web.Configs[0].Target, web.Configs[0].Mode));
        Assert.Equal(("b", 0b100_000_000), (web.Secrets[0].Target, web.Secrets[0].Mode));
    }

    [Fact]
    public void What_no_service_uses_is_not_read()
    {
        var (answer, _) = Read("configs: [a]",
            "configs: { a: { content: x }, b: { file: no-such } }\nsecrets: { c: { environment: NO_SUCH } }");
        Assert.Equal(["Config a: x"], Contents(answer));
    }

    [Fact]
    public void A_variable_is_that_of_the_file_that_asks_for_it()
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = "include: [ other/compose.yaml ]\nservices: { web: { command: x, secrets: [mine] } }\n" +
                "secrets: { mine: { environment: TOKEN } }",
            [".env"] = "TOKEN=outer",
            ["other/compose.yaml"] = "services: { o: { command: x, secrets: [own, disk] } }\n" +
                "secrets: { own: { environment: OWN }, disk: { file: key } }",
            ["other/.env"] = "OWN=inner",
            ["other/key"] = "beside it",
        };
        Assert.Equal(["Secret mine: outer", "Secret own: inner", "Secret disk: beside it"],
            Contents(files.Read(["compose.yaml"])));
    }

    [Theory]
    [InlineData("configs: [b]", "configs: { ab: { content: x } }", "1:48: 'b' is not among the 'configs' of the top")]
    [InlineData("secrets: [tokne]", "secrets: { token: { file: token } }",
        "1:48: 'tokne' is not among the 'secrets' of the top level. write 'token'")]
    [InlineData("configs: [a]", "configs: { a: }", "2:12: 'a' has no content. write one of file, environment, content")]
    [InlineData("configs: [a]", "configs: { a: { file: x, content: y } }",
        "2:12: 'a' has its content from file and from content. write one of")]
    [InlineData("configs: [a]", "configs: { a: { external: true } }",
        "2:27: 'a' is external, and nothing is kept here")]
    [InlineData("configs: [a]", "configs: { a: { file: no-such } }", "2:23: no-such: there is no such file")]
    [InlineData("secrets: [a]", "secrets: { a: { environment: TOKEN } }",
        "2:30: 'a' takes the variable 'TOKEN', which is not set")]
    [InlineData("secrets: [a]", "secrets: { a: { content: x } }", "2:17: 'content' is not honoured in secrets (top")]
    [InlineData("configs: [{ source: a, target: /etc/a }]", "configs: { a: { content: x } }",
        "1:69: 'target' is '/etc/a', and for a process nothing is mounted. write a relative path, and let the " +
        "program read $TANGRAM_CONFIG_A, or that path below $TANGRAM_CONFIGS")]
    [InlineData("configs: [{ source: a, target: ../a }]", "configs: { a: { content: x } }",
        "1:69: 'target' is '../a', which is no plain path")]
    [InlineData("configs: [{ source: a, target: x }, { source: b, target: x/y }]",
        "configs: { a: { content: x }, b: { content: x } }", "1:74: 'x/y' is the place of 'a' already")]
    [InlineData("configs: [a-b, a.b]", "configs: { a-b: { content: x }, a.b: { content: x } }",
        "1:53: 'a.b' and 'a-b' would share the variable TANGRAM_CONFIG_A_B")]
    [InlineData("configs: [{ source: a, mode: rw }]", "configs: { a: { content: x } }",
        "1:67: 'mode' is 'rw', which is not permission bits in octal")]
    [InlineData("volumes: ['date:/x']", "volumes: { data: }",
        "1:48: 'date' is not among the 'volumes' of the top level")]
    [InlineData("volumes: ['data:/x:ro']", "volumes: { data: }", "1:48: nothing would keep the process from writing")]
    [InlineData("volumes: [{ type: volume, source: data, target: /x, volume: { subpath: a } }]", "volumes: { data: }",
        "1:100: 'subpath' is not honoured in volumes.volume (long form)")]
    [InlineData("scale: 1", "volumes: { data: { external: true } }", "2:30: the volume 'data' is external")]
    [InlineData("scale: 1", "volumes: { data: { driver: nfs } }", "2:28: 'driver' is 'nfs', which is not honoured")]
    [InlineData("scale: 1", "volumes: { data: { name: ../up } }", "2:26: '../up' cannot be a volume's folder")]
    [InlineData("scale: 1", "networks: { back: { internal: true } }",
        "2:21: 'internal' is not honoured in networks")]
    [InlineData("networks: { bakc: }", "networks: { back: }", "1:50: 'bakc' is not among the 'networks' of the top")]
    [InlineData("networks: { back: { ipv4_address: 10.0.0.1 } }", "networks: { back: }",
        "1:58: 'ipv4_address' is not honoured in networks (of a service")]
    public void What_cannot_be_is_refused_in_its_place(string key, string top, string told) =>
        Assert.StartsWith("compose.yaml:" + told, Error(key, top));

    [Fact]
    public void Who_wants_only_the_name_needs_no_secret()
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = Service.Replace("KEY", "secrets: [a]") + "secrets: { a: { environment: NO_SUCH } }",
        };
        var request = new ComposeRequest(["/srv/shop/compose.yaml"]);
        Assert.Null(ComposeFile.Read(request, files, new ProblemList()).Spec);
        Assert.Equal("shop", ComposeFile.Read(request with { NameOnly = true }, files, new ProblemList()).Spec?.Name);
    }

    [Fact]
    public void A_content_has_a_largest_size()
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = Service.Replace("KEY", "secrets: [a]") + "secrets: { a: { file: large } }",
            ["large"] = new string('x', 500_001),
        };
        Assert.StartsWith("compose.yaml:2:23: 'a' holds 500001 bytes, and the most is 500000",
            Assert.Single(files.Read(["compose.yaml"]).Problems, p => p.Severity == Severity.Error).ToString());
    }

    [Fact]
    public void A_volume_has_the_name_of_its_folder_and_a_bind_its_path()
    {
        var web = Web("volumes: ['data:/var/lib/x', { type: volume, source: log, target: /l }, '/tmp:/tmp']",
            "volumes: { data: , log: { name: logs, driver: local } }");
        Assert.Equal(["Named data data /var/lib/x", "Named log logs /l", "Bind /tmp /tmp /tmp"],
            web.Volumes.Select(v => $"{v.Kind} {v.Name} {v.Source} {v.Target}"));
    }

    [Fact]
    public void A_process_finds_everything_by_variables()
    {
        var web = Web("configs: [{ source: my-app, target: a/b }, { source: my-app, target: c }], secrets: [t], " +
            "volumes: ['data:/x']",
            "configs: { my-app: { content: x } }\nsecrets: { t: { file: token } }\nvolumes: { data: { name: d } }");
        Assert.Equal(
            [
                "TANGRAM_CONFIGS=/f/h/configs", "TANGRAM_CONFIG_MY_APP=/f/h/configs/a/b",
                "TANGRAM_SECRETS=/f/h/secrets", "TANGRAM_SECRET_T=/f/h/secrets/t", "TANGRAM_VOLUME_DATA=/n/d",
            ],
            GrantVariables.All(web, "/f/h", volume => $"/n/{volume}").Select(v => $"{v.Name}={v.Value}"));
    }

    [Fact]
    public void Networks_are_warned_about_once_and_what_is_said_of_them_is_passed_over()
    {
        var (answer, web) = Read("networks: { back: { aliases: [w] }, default: }",
            "networks: { back: { driver: bridge }, front: { external: true } }");
        Assert.NotNull(web);
        Assert.Contains(answer.Problems, p => p.ToString().Contains("2:11: 'networks' separate nothing"));
        Assert.Contains(answer.Problems, p => p.ToString().Contains("'aliases' is passed over"));
    }

    [Theory]
    [InlineData("environment: { F: /run/secrets/t }", "'environment' speaks of '/run/secrets/t', where")]
    [InlineData("entrypoint: [sh, -c, 'cat /etc/a.json']", "'entrypoint' speaks of '/etc/a.json', where")]
    [InlineData("environment: { F: '--data=/var/lib/x/db' }", "it finds that in $TANGRAM_VOLUME_DATA")]
    [InlineData("environment: { F: /var/lib/xy }", null)]
    [InlineData("environment: { F: /mnt/var/lib/x }", null)]
    public void A_path_at_which_only_a_container_has_it_is_warned_about(string key, string? told)
    {
        var (answer, _) = Read(key + ", secrets: [t], configs: [{ source: c, target: etc/a.json }], " +
            "volumes: ['data:/var/lib/x']",
            "secrets: { t: { file: token } }\nconfigs: { c: { content: x } }\nvolumes: { data: }");
        var warnings = answer.Problems.Where(p => p.What.Contains("speaks of")).Select(p => p.ToString()).ToList();
        if (told is null) Assert.Empty(warnings);
        else Assert.Contains(told, Assert.Single(warnings));
    }

    [Fact]
    public void Limits_of_the_kernel_are_read_short_and_long()
    {
        var web = Web("ulimits: { nofile: { soft: 1024, hard: -1 }, core: 0 }, oom_score_adj: 500", "");
        Assert.Equal([new UlimitSpec("core", 0, 0), new UlimitSpec("nofile", 1024, UlimitSpec.None)], web.Ulimits);
        Assert.Equal(500, web.OomScoreAdj);
    }

    [Fact]
    public void Labels_come_from_a_file_too_and_the_files_own_win()
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = Service.Replace("KEY", "label_file: [a.labels, b.labels], labels: { Z: here }"),
            ["a.labels"] = "X=1\nY=1\nZ=1",
            ["b.labels"] = "Y=2",
        };
        var spec = files.Read(["compose.yaml"]).Spec;
        Assert.Equal(["X=1", "Y=2", "Z=here"], spec!.Services[0].Deploy.Labels.Select(l => $"{l.Name}={l.Value}"));
    }

    [Fact]
    public void The_resolved_file_means_the_same_and_holds_no_secret()
    {
        var (answer, _) = Read("configs: [a], secrets: [{ source: b, target: x/y }], volumes: ['data:/x'], " +
            "ulimits: { core: 0 }, networks: [n]",
            "configs: { a: { content: \"1 $$ 2\" } }\nsecrets: { b: { file: token } }\nvolumes: { data: }\n" +
            "networks: { n: }");
        var text = answer.Resolved!();
        Assert.DoesNotContain("s3cret", text);
        Assert.Contains("/srv/shop/token", text);
        var again = new MemoryFiles { ["compose.yaml"] = text, ["token"] = "s3cret" }.Read(["compose.yaml"]);
        Assert.Equal(answer.Spec, again.Spec);
    }

    [Fact]
    public void A_content_is_never_printed()
    {
        var (answer, _) = Read("secrets: [b]", "secrets: { b: { file: token } }");
        Assert.Contains("(6 bytes)", answer.Spec!.Contents!.Value[0].ToString());
        Assert.Equal(answer.Spec, Json.Read<ClusterSpec>(Json.Write(answer.Spec)));
    }
}
