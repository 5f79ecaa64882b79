using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class BackendReaderTests
{
    private static string File(string backend, string probe = "tcp") =>
        $"services: {{ web: {{ command: [x], x-tangram: {{ probe: '{probe}', backend: {backend} }} }} }}";

    private static ServiceSpec Web(string backend, string probe = "tcp") => Yaml.Spec(File(backend, probe)).Services[0];

    [Fact]
    public void Reads_everything()
    {
        var web = Web("{ tls: { ca: ca.pem, name: web.internal, client_certificate: { cert: a, key: /b }, " +
            "verify: true } }");
        Assert.Equal(new BackendTlsSpec
        {
            Name = "web.internal", Ca = "/srv/shop/ca.pem", Client = new CertificateSpec("/srv/shop/a", "/b"),
        }, web.BackendTls);
        Assert.Equal(web, Json.Read<ServiceSpec>(Json.Write(web)));
    }

    [Fact]
    public void The_name_is_the_services_own_and_the_probe_goes_by_https()
    {
        var web = Web("{ tls: true }", "http:/healthz");
        Assert.Equal(new BackendTlsSpec { Name = "web" }, web.BackendTls);
        Assert.Equal(new ProbeSpec(ProbeKind.Http, "/healthz") { ServerName = "web" }, web.Probe);
        Assert.Null(Web("{ tls: false }", "http:/").BackendTls);
        Assert.Null(Web("{ tls: false }", "http:/").Probe!.ServerName);
        Assert.Null(Web("{}").BackendTls);
    }

    /// <summary>A new authority is no reason to replace replicas; to begin with TLS is.</summary>
    [Fact]
    public void Replicas_move_when_they_begin_to_speak_TLS_and_not_for_its_files()
    {
        var plain = Web("{}");
        Assert.NotEqual(plain.Template, Web("{ tls: true }").Template);
        Assert.Equal(Web("{ tls: true }").Template, Web("{ tls: { ca: new.pem } }").Template);
    }

    [Theory]
    [InlineData("{ tls: maybe }", "neither true nor false")]
    [InlineData("{ tls: { name: 'a b' } }", "is not a host's name")]
    [InlineData("{ tls: { client_certificate: { cert: a } } }", "'key' is missing")]
    [InlineData("{ tls: { sni: a } }", "is not a key of x-tangram.backend.tls")]
    [InlineData("{ http2: true }", "is not a key of x-tangram.backend")]
    public void Refuses_what_cannot_be_meant(string backend, string says) =>
        Assert.Contains(says, Assert.Single(Yaml.Errors(File(backend))).What, StringComparison.Ordinal);

    [Theory]
    [InlineData("{ tls: { verify: false } }", "tcp", "whoever answers is taken for the replica")]
    [InlineData("{ tls: { client_certificate: { cert: a, key: b } } }", "http:/", "shows no certificate of its own")]
    public void Warns_of_what_is_weak(string backend, string probe, string says) => Assert.Contains(
        Yaml.Read(File(backend, probe)).Problems, problem => problem.What.Contains(says, StringComparison.Ordinal));
}
