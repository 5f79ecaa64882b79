using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;
using Tangram.Observing;

namespace Tangram.ClusterTests;

/// <summary>The shop on machines of its own, under load, and one fault after the other.</summary>
[Collection(nameof(Alone))]
public sealed class LabDrill
{
    private static readonly TimeSpan Goal = TimeSpan.FromSeconds(3),
        GoalWithEtcd = TimeSpan.FromSeconds(6), Pause = TimeSpan.FromSeconds(30),
        Cut = TimeSpan.FromSeconds(15);

    /// <summary>Twenty processes share the cores of one computer, perhaps with other work: a figure a little late
    /// is noted, and what fails is more than that.</summary>
    private static readonly TimeSpan Shared = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task The_loss_of_any_machine_or_zone_is_survived()
    {
        // Given the shop on eleven machines, after its first requests
        await using var shop = await ShopLab.ReadyAsync();
        await shop.WarmAsync();

        // When one after the other is struck
        var costs = new List<(LabCost Cost, TimeSpan Goal)>();
        foreach (var (fault, goal) in Figures.Drawn(nameof(LabDrill), await FaultsAsync(shop), inCi: 4))
            costs.Add((await shop.SufferAsync(await fault()), goal));

        // Then each was noticed in time, all was replaced, and no safe request failed
        var missed = costs.Where(c => c.Cost.Detect > c.Goal + Shared || c.Cost.Detect is null || c.Cost.Whole is null
            || c.Cost.Load.BadSafe > 0).Select(c =>
                $"{c.Cost.Words()}\n{c.Cost.Load.Troubles()}").ToList();
        Assert.True(missed.Count == 0, string.Join("\n\n", missed));
    }

    private static Task<(Func<Task<LabFault>> Fault, TimeSpan Goal)[]> FaultsAsync(ShopLab shop)
    {
        var agent = shop.Agents[1];
        return Task.FromResult<(Func<Task<LabFault>>, TimeSpan)[]>(
        [
            (() => Task.FromResult(Off(shop, "an agent loses power", [agent], Dead(agent))), Goal),
            (async () => LedByAnother(shop, "the leader loses power", await shop.LeaderAsync()), GoalWithEtcd),
            (async () => Unnoticed(shop, "a member of etcd is killed", await FollowerAsync(shop)), Goal),
            (async () => Unnoticed(shop, "etcd's own leader is killed", await shop.EtcdLeaderAsync()), GoalWithEtcd),
            (() => Task.FromResult(Off(shop, "a gateway's host loses power", [shop.Gateways[0]],
                status => status.Gateways.Count == 1)), TimeSpan.FromSeconds(7)),
            (() => Task.FromResult(Off(shop, "a zone loses power", shop.In("c"), Dead(shop.Agents[4], shop.Agents[5]))),
                GoalWithEtcd),
            (async () => Paused(shop, await shop.LeaderAsync()), GoalWithEtcd),
            (() => Task.FromResult(ZonesCut(shop)), GoalWithEtcd),
            (() => Task.FromResult(Mute(shop, "an agent hears but is not heard", agent, Dead(agent))), Goal),
            (async () => MuteLeader(shop, await shop.LeaderAsync()), GoalWithEtcd),
        ]);
    }

    private static LabFault Off(ShopLab shop, string name, LabMachine[] machines, Func<StatusView, bool> detected) =>
        new(name, () => shop.PowerOff(machines), () => shop.PowerOn(machines), detected);

    private static LabFault LedByAnother(ShopLab shop, string name, LabMachine leader) =>
        Off(shop, name, [leader], status => status.Leader is { } now && now != leader.Name);

    private static LabFault Paused(ShopLab shop, LabMachine leader) => new("the leader stands still for 30 s",
        () => { leader.Pause(); shop.Lab.Isolate(leader); }, () => { shop.Lab.HealAll(); leader.Resume(); },
        status => status.Leader is { } now && now != leader.Name)
    {
        AtLeast = Pause,
    };

    /// <summary>Nothing need be noticed but that the store answers again.</summary>
    private static LabFault Unnoticed(ShopLab shop, string name, LabMachine member) => new(name,
        member.KillEtcd,
        () => shop.StartEtcd(member), status => status.Leader is not null);

    /// <summary>Both still reach the third, so nobody is to be declared dead, and the etcd has to keep a leader; but
    /// each gateway loses a third of its backends, with what was in flight there.</summary>
    private static LabFault ZonesCut(ShopLab shop) => new("two of three zones do not reach each other",
        () => shop.Lab.CutZones("a", "b"), shop.Lab.HealAll,
        status => status.Leader is not null && status.Nodes.All(n => n.State == "ready"))
    {
        AtLeast = Cut,
    };

    private static LabFault Mute(ShopLab shop, string name, LabMachine machine, Func<StatusView, bool> detected) => new(
        name, () => { foreach (var other in shop.Lab.Machines.Except([machine])) shop.Lab.CutOneWay(machine, other); },
        shop.Lab.HealAll, detected)
    {
        AtLeast = Cut,
    };

    private static LabFault MuteLeader(ShopLab shop, LabMachine leader) =>
        Mute(shop, "the leader hears but is not heard", leader,
            status => status.Leader is { } now && now != leader.Name) with { Unasked = leader };

    private static async Task<LabMachine> FollowerAsync(ShopLab shop)
    {
        var leader = await shop.EtcdLeaderAsync();
        return shop.Servers.First(s => s != leader);
    }

    private static Func<StatusView, bool> Dead(params LabMachine[] machines) =>
        status => machines.All(m => status.Nodes.Any(n => n.Name == m.Name && n.State == "dead"));
}
