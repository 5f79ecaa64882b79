using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;
using Tangram.Coordinating;

namespace Tangram.ClusterTests.BadInput;

/// <summary>Clocks an hour apart: the programs get theirs from libfaketime, which leaves the monotonic clock as the
/// kernel has it, as a wrong date does.</summary>
[Collection(nameof(Alone))]
public sealed class ClockTests
{
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(6);

    [Fact]
    public async Task Clocks_an_hour_apart_are_told_and_nothing_is_decided_by_them()
    {
        // Given three servers, of which one is an hour behind and one ahead, and so are an agent and the gateway
        string[] ahead = Clock("+3600s"), behind = Clock("-3600s");
        await using var small = SmallLab.Given(servers: 3);
        var (n1, n2) = (small.Add("n1", PeerRole.Agent), small.Add("n2", PeerRole.Agent));
        var (g1, late) = (small.Add("g1", PeerRole.Gateway),
            small.Add("late", PeerRole.Agent, life: TimeSpan.FromMinutes(30)));
        small.StartEtcd();
        LabProcess[] servers = [small.StartServer(small.Servers[0]), small.StartServer(small.Servers[1], behind),
            small.StartServer(small.Servers[2], ahead)];
        small.StartAgent(n1);
        small.StartAgent(n2, before: ahead);
        small.StartGateway(g1, null, behind);

        // When it is used, and a certificate comes that has ended by one server's clock only
        await small.DeployAsync(small.Servers[0]);
        small.StartAgent(late, servers: [small.Servers[2]]);
        await small.ReadyAsync(small.Servers[0], 2);
        var (before, after, said) = await AWhileAsync(small, servers);
        // What eight programs that begin at once keep from one of them comes once, what clocks do comes again.
        if (!before.SequenceEqual(after) || said.Any(text => text.Contains("dead")))
            (before, after, said) = await AWhileAsync(small, servers);

        // Then nobody was thought dead, no replica was replaced, and changes go through
        Assert.Equal(before, after);
        Assert.All(said, text => Assert.DoesNotContain("dead", text));
        Assert.Equal(0, (await small.TryAsync(small.Servers[1], "scale", "web=4")).Code);
        await small.SaysAsync(small.Servers[0], s => s.Ready && s.Services[0].Ready == 4, "four replicas");
        Assert.All(small.Servers, s => InOrder(s));

        // And it is told: whose clock, by how much, and which clock a certificate was judged by
        var told = servers.SelectMany(s => s.Printed.Split('\n')).Where(l => l.Contains("the clock of ")).ToList();
        Assert.Contains(told, l => l.Contains(" s ahead of this server's") || l.Contains(" s behind this server's"));
        Assert.All(told, l => Assert.Matches("(3,(59|60)[0-9]|7,(19|20)[0-9]) s ", l));
        await SmallLab.PrintedAsync(servers[2], "small/agent/late: its certificate is not valid: it ended on ");
        Assert.Contains("and the clock here says", servers[2].Printed);
        Figures.Note($"{nameof(ClockTests)}: {string.Join(" | ", told)}");
    }

    /// <summary>What ran before and after it, and what the servers said meanwhile.</summary>
    private static async Task<(string[] Before, string[] After, List<string> Said)> AWhileAsync(
        SmallLab small, LabProcess[] servers)
    {
        var before = await SmallLab.SettledAsync(small.Servers[0]);
        var begun = servers.Select(s => s.Printed.Length).ToList();
        await Until.PassedAsync(AWhile);
        return (before, await SmallLab.PidsAsync(small.Servers[0]),
            [.. servers.Zip(begun, (server, from) => server.Printed[from..])]);
    }

    /// <summary>Numbers in a server's log only grow, and with them its times.</summary>
    private static void InOrder(LabMachine server)
    {
        var lines = File.ReadLines(Path.Combine(server.Disk, SmallLab.Cluster, "events.jsonl"))
            .Select(Observing.ViewJson.Read<Observing.EventView>).ToList();
        Assert.Equal(lines.OrderBy(e => e.Number).ThenBy(e => e.At), lines);
    }

    private static string[] Clock(string offset)
    {
        var library = (string[])[.. Directory.EnumerateDirectories("/usr/lib").Append("/usr/lib")
            .Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).Where(File.Exists)];
        Needs.That(library.Length > 0, "needs libfaketime (Debian's package of that name)");
        return [$"LD_PRELOAD={library[0]}", $"FAKETIME={offset}", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
    }
}
