using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Model;
using Wire = Tangram.Coordinating.Link.Wire;

namespace Tangram.ClusterTests.BadInput;

public sealed class OtherVersionTests
{
    [Fact]
    public async Task A_client_of_another_protocol_is_refused_with_both_versions_named()
    {
        await using var house = SmallHouse.Given();
        house.StartServer();
        await Drilling.Until.SomeAsync(house.StatusAsync, TimeSpan.FromSeconds(30), house.Printed);
        var options = new LinkOptions(house.Cluster,
            new PeerIdentity(house.Cluster, PeerRole.Agent, NodeName.Of("n9")), []);
        using var channel = new LinkChannel($"127.0.0.1:{house.ServerPort}", options);
        foreach (var protocol in (int[])[LinkOptions.Protocol - 1, LinkOptions.Protocol + 1])
        {
            var said = await channel.Server.GreetAsync(
                new Wire.GreetAsk { Protocol = protocol, Cluster = house.Cluster, Version = "9.9.9" },
                channel.Call(TestContext.Current.CancellationToken));
            Assert.Contains($"/agent/n9 is Tangram 9.9.9 and speaks protocol {protocol}; ", said.Refusal);
            Assert.EndsWith($" and speaks {LinkOptions.Protocol}: upgrade the older one", said.Refusal);
        }
        var elsewhere = await channel.Server.GreetAsync(
            new Wire.GreetAsk { Protocol = LinkOptions.Protocol, Cluster = "other", Version = "9.9.9" },
            channel.Call(TestContext.Current.CancellationToken));
        Assert.Contains("belongs to the cluster 'other'", elsewhere.Refusal);
    }

    [Fact]
    public async Task An_agent_that_meets_a_server_of_another_protocol_says_so_waits_and_keeps_its_replicas()
    {
        // Given an agent that runs something
        var (house, server, agent, _) = await SmallHouse.ReadyAsync(encrypted: false);
        await using var mine = house;
        var before = await house.PidsAsync();

        // When its server comes back with a protocol that it does not speak
        await server.KillAsync();
        var (words, greeted) = ("this server is 9.9.9 and speaks 2: upgrade the older one", 0);
        await using (await FalseServerAsync(house.ServerPort, () => { greeted++; return words; }))
        {
            await house.PrintedAsync(agent, $"no server takes this one: 127.0.0.1:{house.ServerPort}: {words}");
            var until = greeted;
            await Drilling.Until.PassedAsync(TimeSpan.FromSeconds(3));
            Assert.InRange(greeted - until, 1, 10);
            Assert.Equal(1, agent.Printed.Split("no server takes this one").Length - 1);
        }

        // Then it goes on when there is one that it understands, with the same replicas
        house.StartServer();
        await house.ReadyAsync();
        Assert.Equal(before, await house.PidsAsync());
    }

    private static async Task<WebApplication> FalseServerAsync(int port, Func<string> refusal)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new Refusing(refusal));
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.MapGrpcService<Refusing>();
        await app.StartAsync();
        return app;
    }

    private sealed class Refusing(Func<string> refusal) : Wire.Server.ServerBase
    {
        public override Task<Wire.GreetSaid> Greet(Wire.GreetAsk request, ServerCallContext context) =>
            Task.FromResult(new Wire.GreetSaid { Refusal = refusal(), Version = "9.9.9" });
    }
}
