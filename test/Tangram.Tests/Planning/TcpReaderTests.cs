using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Planning;

public sealed class TcpReaderTests
{
    [Fact]
    public void Reads_everything()
    {
        var spec = Yaml.Spec(Gateway("""
            tcp: [
              { listen: "tcp://*:5432", service: db, send_proxy: v2, idle: 10m },
              { listen: "tcp://127.0.0.1:443", service: web, sni: "*.Shop.test", accept_proxy: true },
              { listen: "tcp://127.0.0.1:443", service: db, accept_proxy: true, send_proxy: v1 } ]
            """));
        Assert.Equal(
        [
            new TcpSpec
            {
                Listen = "tcp://*:5432", Service = ServiceName.Of("db"), SendProxy = 2, Idle = TimeSpan.FromMinutes(10),
            },
            new TcpSpec
            {
                Listen = "tcp://127.0.0.1:443", Service = ServiceName.Of("web"), Sni = "*.shop.test",
                AcceptProxy = true,
            },
            new TcpSpec
            {
                Listen = "tcp://127.0.0.1:443", Service = ServiceName.Of("db"), AcceptProxy = true, SendProxy = 1,
            },
        ], spec.GatewayTcp);
        Assert.Equal(spec, Json.Read<Revision>(Json.Write(new Revision { Number = 1, Spec = spec })).Spec);
        var choice = new TcpChoice([spec.GatewayTcp[1], spec.GatewayTcp[2]]);
        Assert.Equal("web", choice.Choose("a.shop.test")!.Service.Value);
        Assert.Equal("db", choice.Choose("shop.test")!.Service.Value);
        Assert.Equal("db", choice.Choose(null)!.Service.Value);
        Assert.Null(new TcpChoice([spec.GatewayTcp[1]]).Choose("shop.test"));
    }

    [Theory]
    [InlineData("{ service: db }", "'listen' is missing")]
    [InlineData("{ listen: 'tcp://*:1' }", "'service' is missing")]
    [InlineData("{ listen: 'tcp://*:1', service: bd }", "there is no service 'bd' that runs")]
    [InlineData("{ listen: 'http://*:1', service: db }", "'listen' is 'http://*:1'")]
    [InlineData("{ listen: 'tcp://*', service: db }", "'listen' is 'tcp://*'")]
    [InlineData("{ listen: 'tcp://*:0', service: db }", "'listen' is 'tcp://*:0'")]
    [InlineData("{ listen: 'tcp://*:8080', service: db }", "both want port 8080")]
    [InlineData("{ listen: 'tcp://*:1', service: db }, { listen: 'tcp://*:1', service: web }", "given twice")]
    [InlineData("{ listen: 'tcp://*:1', service: db }," +
                "{ listen: 'tcp://*:1', service: web, sni: a, accept_proxy: true }", "and shall not")]
    [InlineData("{ listen: 'tcp://*:1', service: db, sni: 'a.*' }", "not a host's name")]
    [InlineData("{ listen: 'tcp://*:1', service: db, send_proxy: v3 }", "'send_proxy' is 'v3'")]
    public void Refuses_what_cannot_be_meant(string entry, string says) =>
        Assert.Contains(says, Assert.Single(Yaml.Errors(Gateway($"tcp: [ {entry} ]"))).What, StringComparison.Ordinal);

    [Fact]
    public void The_example_of_the_document_is_read()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "tcp.md"));
        Assert.Equal(2, Yaml.Spec(text.Split("```yaml\n")[1].Split("```")[0]).GatewayTcp.Count);
    }

    private static string Gateway(string text) =>
        "name: shop\nservices: { db: { command: serve }, web: { command: serve } }\n" +
        "x-tangram: { gateway: { listen: ['http://*:8080'], " + text + " } }\n";
}
