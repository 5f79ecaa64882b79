using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;
using Tangram.Coordinating;

namespace Tangram.ClusterTests.BadInput;

[Collection(nameof(Alone))]
public sealed class NameTwiceTests
{
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Of_two_machines_with_one_name_the_second_waits_until_the_first_is_gone()
    {
        // Given a node and a gateway that serve
        await using var small = SmallLab.Given(servers: 1);
        var server = small.Servers[0];
        var (n1, g1) = (small.Add("n1", PeerRole.Agent), small.Add("g1", PeerRole.Gateway));
        var (n1b, g1b, client) = (small.AddTwin("n1b"), small.AddTwin("g1b"), small.AddTwin("client"));
        var servers = small.StartServer(server);
        small.StartAgent(n1);
        small.StartGateway(g1);
        await small.DeployAsync(server);
        await small.ReadyAsync(server, 1);
        var before = await SmallLab.PidsAsync(server);

        // When others of the same names, with their certificates, come
        var agent = small.StartAgent(n1b, "n1");
        var gateway = small.StartGateway(g1b, "g1");
        await SmallLab.PrintedAsync(agent, $"another agent, at {n1.Address}, has the name n1: this one waits");
        await SmallLab.PrintedAsync(gateway, "another gateway, or an agent, has the name g1: this one waits");
        var said = servers.Printed;
        await Until.PassedAsync(AWhile);

        // Then nothing changes: no replica is started, stopped or moved, and no state goes to and fro
        Assert.Equal(before, await SmallLab.PidsAsync(server));
        Assert.Equal(said, servers.Printed);
        Assert.DoesNotContain(n1b.Pids, IsReplica);
        Assert.Equal(1, agent.Printed.Split("another agent, at").Length - 1);
        Assert.NotNull(await AnswerAsync(client, g1));

        // When the first ones lose their power, then the others take their place
        var begun = TimeProvider.System.GetTimestamp();
        n1.PowerOff();
        g1.PowerOff();
        await SmallLab.PrintedAsync(agent, "is gone: this one takes its place");
        await SmallLab.PrintedAsync(gateway, "is gone: this one takes its place");
        var taken = TimeProvider.System.GetElapsedTime(begun);
        await Until.SomeAsync(() => AnswerAsync(client, g1b), TimeSpan.FromSeconds(30), () => g1b.Tail() + n1b.Tail());
        await small.ReadyAsync(server, 1);
        Assert.Contains(n1b.Pids, IsReplica);
        Figures.Note($"{nameof(NameTwiceTests)}: taken over {taken.TotalSeconds:0.0} s after the power-off");
    }

    private static bool IsReplica(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline").Contains("web.py"); }
        catch (IOException) { return false; }
    }

    private static async Task<string?> AnswerAsync(LabMachine client, LabMachine gateway)
    {
        using var http = client.Http(Patience);
        try
        {
            return await http.GetStringAsync(gateway.Url(SmallLab.GatewayPort));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }
}
