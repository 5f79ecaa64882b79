using System.Text.RegularExpressions;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

public sealed partial class TlsReaderTests : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reads_everything()
    {
        var spec = Yaml.Spec(Gateway("""
            listen: ["http://*:80", "https://*:8443", "https://[::1]:443"], self_signed: true,
                certificates: [{ cert: a.crt, key: /etc/a.key }], client_ca: ca.crt, client_certificates: request,
                hsts: 365d, redirect_to_https: true
            """));
        Assert.Equal(["http://*:80", "https://*:8443", "https://[::1]:443"], spec.GatewayListen);
        Assert.Equal(new TlsSpec
        {
            Certificates = [new CertificateSpec("/srv/shop/a.crt", "/etc/a.key")], SelfSigned = true,
            OwnNames = ["::1", "shop.test"], ClientCa = "/srv/shop/ca.crt", ClientsMayBeUnknown = true,
            Hsts = TimeSpan.FromDays(365), RedirectPort = 8443,
        }, spec.Tls);
        Assert.Equal(spec, Json.Read<Revision>(Json.Write(new Revision { Number = 1, Spec = spec })).Spec);
    }

    [Theory]
    [InlineData("listen: ['https://localhost:8443']", true)]
    [InlineData("listen: ['https://127.0.0.2:8443']", true)]
    [InlineData("listen: ['https://*:8443'], certificates: [{ cert: a, key: b }]", false)]
    public void Makes_its_own_certificate_where_only_this_machine_is_asked(string gateway, bool own) =>
        Assert.Equal(own, Yaml.Spec(Gateway(gateway)).Tls!.SelfSigned);

    [Fact]
    public void Without_https_there_is_nothing_to_say() =>
        Assert.Null(Yaml.Spec(Gateway("listen: ['http://*:80'], redirect_to_https: false")).Tls);

    [Theory]
    [InlineData("listen: ['https://10.0.0.1:1', 'https://localhost:2']", "https://10.0.0.1:1 has no certificate")]
    [InlineData("listen: ['https://localhost:1'], self_signed: false", "https://localhost:1 has no certificate")]
    [InlineData("certificates: [{ cert: a, key: b }]", "'certificates' changes nothing")]
    [InlineData("redirect_to_https: true", "'redirect_to_https' changes nothing")]
    [InlineData("hsts: 1d", "'hsts' changes nothing")]
    [InlineData("http3: true", "'http3' changes nothing")]
    [InlineData("listen: ['https://localhost:1'], certificates: []", "'certificates' is an empty list")]
    [InlineData("listen: ['https://localhost:1'], certificates: [{ cert: a }]", "'key' is missing")]
    [InlineData("listen: ['https://localhost:1'], client_certificates: request", "not whose count")]
    [InlineData("listen: ['https://127.0.0.1:0'], redirect_to_https: true", "takes any free port")]
    [InlineData("listen: ['https://localhost:1', 'http://localhost:1']", "twice")]
    [InlineData("tls: { x: y }", "'tls' is not honoured")]
    public void Refuses_what_cannot_be_meant(string gateway, string says) =>
        Assert.Contains(says, Assert.Single(Yaml.Errors(Gateway(gateway))).What, StringComparison.Ordinal);

    [Fact]
    public void A_file_of_another_folder_keeps_its_paths()
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = "services: { a: { command: x } }\ninclude: [ sub/compose.yaml ]",
            ["sub/compose.yaml"] = Gateway("listen: ['https://localhost:1'], certificates: [{ cert: a, key: b }]"),
        };
        var answer = files.Read(["sub/compose.yaml"]);
        var again = new MemoryFiles { ["else/compose.yaml"] = answer.Resolved!() }.Read(["else/compose.yaml"]);
        Assert.Equal(answer.Spec!.Tls, again.Spec!.Tls);
    }

    [Fact]
    public void Secrets_of_the_file_stand_for_files()
    {
        var files = new MemoryFiles
        {
            ["sub/compose.yaml"] = WithSecrets("cert: secret:crt, key: secret:key", "client_ca: secret:crt"),
            ["sub/a.crt"] = "the certificate",
            ["sub/a.key"] = "aardvark",
        };
        var answer = files.Read(["sub/compose.yaml"]);
        var tls = answer.Spec!.Tls!;
        Assert.Equal((new CertificateSpec("secret:crt", "secret:key"), "secret:crt"),
            (Assert.Single(tls.Certificates), tls.ClientCa));
        Assert.Equal(["crt", "key"], tls.Secrets.Select(secret => secret.Name));
        Assert.Equal(["crt", "key"], answer.Spec.Contents!.Value.Select(content => content.Name));
        Assert.DoesNotContain("aardvark", answer.Resolved!(), StringComparison.Ordinal);
        files["else/compose.yaml"] = answer.Resolved!();
        Assert.Equal(answer.Spec, files.Read(["else/compose.yaml"]).Spec);
        Assert.Equal(tls, Json.Read<TlsSpec>(Json.Write(tls)));
    }

    [Theory]
    [InlineData("cert: secret:crt, key: secret:kay", "", "'kay' is not among the 'secrets'", "write 'secret:key'")]
    [InlineData("cert: 'secret:', key: secret:key", "", "'cert' names no secret", "write cert: secret:NAME")]
    [InlineData("cert: secret:crt, key: secret:key", "client_ca: secret:ca", "'ca' is not among", "declare it there")]
    [InlineData("cert: secret:crt, key: secret:key", "acme: { domains: [a.test], ca: secret:crt }",
        "no secret is taken here", "write the path of a file")]
    public void Refuses_secrets_that_are_not_there(string pair, string more, string what, string remedy)
    {
        var problem = Assert.Single(Yaml.Errors(WithSecrets(pair, more)), p => !p.What.Contains("no such file"));
        Assert.Contains(what, problem.What, StringComparison.Ordinal);
        Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
        Assert.InRange(problem.Place.Line, 4, 5);
    }

    [Fact]
    public void The_examples_of_the_document_are_read()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "tls.md"));
        var examples = Example().Matches(text).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(6, examples.Count);
        foreach (var spec in examples.Select(example => new MemoryFiles
            { ["compose.yaml"] = example, ["tls/shop.crt"] = "", ["tls/shop.key"] = "" }.Read(["compose.yaml"]).Spec))
            Assert.True(spec!.Tls is not null || spec.Services[0].BackendTls is not null);
    }

    [Fact]
    public void Certificates_that_are_here_are_looked_at()
    {
        using var authority = Authority.Make("test", At("ca"), Now - TimeSpan.FromDays(60));
        Issue(authority, "good", "shop.test", 90, Now);
        Assert.Empty(Problems("good", "good"));
        Issue(authority, "other", "*.test", 90, Now);
        Refused("good", "other", "does not fit|is not the key of", "name a PEM certificate and its own key");
        Issue(authority, "ended", "shop.test", 10, Now - TimeSpan.FromDays(20));
        Refused("ended", "ended", "is not valid: it ended on", "put a renewed certificate there");
        File.WriteAllText(At("garbage.crt"), "nonsense");
        Refused("garbage", "good", "holds no PEM certificate", "name a PEM certificate");
        File.WriteAllText(At("locked.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n");
        Refused("good", "locked", "has a passphrase", "openssl pkey");
        Issue(authority, "soon", "shop.test", 30, Now - TimeSpan.FromDays(28));
        Warned("soon", "soon", "must be renewed: it ends on");
        Warned("none", "good", "none.crt cannot be read here");
        Issue(authority, "elsewhere", "www.shop.test", 90, Now);
        Warned("elsewhere", "elsewhere", "no certificate is for the host shop.test");
    }

    [Fact]
    public void Secrets_are_looked_at_and_no_answer_tells_what_they_hold()
    {
        using var authority = Authority.Make("test", At("ca"), Now - TimeSpan.FromDays(60));
        Issue(authority, "a", "shop.test", 90, Now);
        Assert.Empty(Secret());
        Issue(authority, "other", "shop.test", 90, Now);
        File.Copy(At("other.key"), At("a.key"), overwrite: true);
        Told("secret:crt with the key secret:key cannot be used", "name a PEM certificate and its own key");
        File.WriteAllText(At("a.key"), "-----BEGIN PRIVATE KEY-----\naardvark\n-----END PRIVATE KEY-----\n");
        Told("secret:crt with the key secret:key cannot be used", "name a PEM certificate and its own key");
        File.WriteAllText(At("a.key"), "aardvark");
        Told("secret:crt with the key secret:key cannot be used", "name a PEM certificate and its own key");
        Issue(authority, "a", "shop.test", 10, Now - TimeSpan.FromDays(20));
        Told("secret:crt is not valid: it ended on", "deploy with a renewed one");
        File.Delete(At("a.key"));
        Assert.Contains("a.key", Assert.Single(Secret()).ToString(), StringComparison.Ordinal);

        IEnumerable<Problem> Secret()
        {
            File.WriteAllText(At("compose.yaml"), WithSecrets("cert: secret:crt, key: secret:key", ""));
            return ComposeFile.Load(new([At("compose.yaml")]), _ => null, TimeProvider.System).Problems;
        }

        void Told(string what, string remedy)
        {
            var problem = Assert.Single(Secret());
            Assert.Equal((Severity.Error, 4, 25), (problem.Severity, problem.Place.Line, problem.Place.Column));
            Assert.StartsWith(what, problem.What, StringComparison.Ordinal);
            Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
            Assert.DoesNotContain("aardvark", problem.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_only_names_the_cluster_asks_for_no_certificate()
    {
        File.WriteAllText(At("bad.crt"), "x");
        File.WriteAllText(At("bad.key"), "x");
        Assert.Null(Load("bad", "bad").Spec);
        Assert.NotNull(ComposeFile.Load(
            new([At("compose.yaml")]) { NameOnly = true }, _ => null, TimeProvider.System).Spec);
    }

    private void Refused(string cert, string key, string what, string remedy)
    {
        var problem = Assert.Single(Problems(cert, key));
        Assert.Equal((Severity.Error, 4), (problem.Severity, problem.Place.Line));
        Assert.Matches(what, problem.What);
        Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
        Assert.Contains(_folder, problem.What, StringComparison.Ordinal);
    }

    private void Warned(string cert, string key, string what)
    {
        var problem = Assert.Single(Problems(cert, key));
        Assert.Equal(Severity.Warning, problem.Severity);
        Assert.Contains(what, problem.What, StringComparison.Ordinal);
    }

    private IEnumerable<Problem> Problems(string cert, string key) => Load(cert, key).Problems;

    private ComposeAnswer Load(string cert, string key)
    {
        File.WriteAllText(At("compose.yaml"), Gateway(
            $"listen: ['https://*:8443'],\n certificates: [{{ cert: {cert}.crt, key: {key}.key }}]"));
        return ComposeFile.Load(new([At("compose.yaml")]), _ => null, TimeProvider.System);
    }

    private void Issue(Authority authority, string file, string name, int days, DateTimeOffset now) =>
        authority.IssueToGateway(
            new CertificateSpec(At($"{file}.crt"), At($"{file}.key")), [name], TimeSpan.FromDays(days), now);

    private string At(string name) => Path.Combine(_folder, name);

    /// <summary>What is written of the gateway begins in line 3.</summary>
    private static string Gateway(string text) => "name: shop\n" +
        "services: { web: { command: serve, x-tangram: { route: { host: shop.test } } } }\n" +
        "x-tangram: { gateway: { " + text + " } }\n";

    /// <summary>The pair stands in line 4.</summary>
    private static string WithSecrets(string pair, string more) =>
        Gateway("listen: ['https://*:443', 'http://*:80'],\n certificates: [{ " + pair + " }],\n " + more) +
        "secrets: { crt: { file: a.crt }, key: { file: a.key } }\n";

    [GeneratedRegex("^```yaml\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();
}
