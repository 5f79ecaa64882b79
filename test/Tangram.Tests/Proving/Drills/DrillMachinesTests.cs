using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Drills;

/// <summary>Two servers with a member of the store, a node and a gateway in each of two zones.</summary>
public sealed class DrillMachinesTests
{
    private static readonly DrilledMachine[] All =
    [
        Machine("s-a", "a", server: "s-a", store: "https://s-a:2379"),
        Machine("s-b", "b", server: "s-b", store: "https://s-b:2379", here: true),
        Machine("a-1", "a", node: "a-1"), Machine("b-1", "b", node: "b-1"),
        Machine("g-a", "a", gateway: "g-a"), Machine("g-b", "b", gateway: "g-b"),
    ];

    private static readonly DrillSighting Seen = new DrillBed(DrillBed.Killing()).Seen with
    {
        Machines = [.. All], Leader = "s-a", Gateways = ["g-a", "g-b"],
    };

    [Theory]
    [InlineData(FaultKind.NodeLost, "b-1", "b-1", "b-1")]
    [InlineData(FaultKind.NodePaused, "b-1", "b-1", "b-1")]
    [InlineData(FaultKind.ClockOff, "b-1", "b-1", "b-1")]
    [InlineData(FaultKind.DiskSlow, "a-1", "a-1", "a-1")]
    [InlineData(FaultKind.ZoneLost, "a", "a", "s-a,a-1,g-a")]
    [InlineData(FaultKind.ZoneSlow, "a", "a", "a-1")]
    [InlineData(FaultKind.LeaderLost, null, "s-a", "s-a")]
    [InlineData(FaultKind.StoreLost, null, "", "s-a,s-b")]
    [InlineData(FaultKind.StoreSlow, null, "", "s-a,s-b")]
    [InlineData(FaultKind.ReplicaKilled, "web-2", "web-2", "b-1")]
    [InlineData(FaultKind.TrafficSpike, null, "", "")]
    public void A_fault_is_carried_out_where_what_it_strikes_stands(
        FaultKind kind, string? target, string name, string machines)
    {
        var chosen = DrillTargets.Choose(DrillBed.Fault(kind, 0, 1, target), Seen, [], new Rng(1))!;
        Assert.Equal(name, chosen.Name);
        Assert.Equal(machines, string.Join(',', chosen.Machines));
    }

    [Fact]
    public void Where_nobody_says_which_the_zone_of_the_drill_is_left_alone()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            var zone = DrillTargets.Choose(DrillBed.Fault(FaultKind.ZoneLost, 0, 1), Seen, [], new Rng(seed))!;
            Assert.Equal("a", zone.Name);
            Assert.Equal(["g-a"], zone.Gateways);
        }
    }

    [Theory]
    [InlineData(FaultKind.NodeLost, null, "b-1", "node-lost could strike the node b-1, which has no injector")]
    [InlineData(FaultKind.NodeLost, "a-1", "b-1", null)]
    [InlineData(FaultKind.ReplicaKilled, "web-2", "b-1", "replica-killed web-2 could strike the node b-1, which")]
    [InlineData(FaultKind.LeaderLost, null, "s-a", "leader-lost would strike the server s-a, which has no injector")]
    [InlineData(FaultKind.StoreLost, null, "s-b", "would strike the store at https://s-b:2379, which has no injector")]
    [InlineData(FaultKind.StoreSlow, null, "s-b", "would strike the store at https://s-b:2379, which has no injector")]
    [InlineData(FaultKind.GatewayLost, null, "g-b", "gateway-lost could strike the gateway g-b, which has no injector")]
    [InlineData(FaultKind.BadDeploy, null, "b-1", null)]
    public void A_drill_that_could_strike_where_no_injector_is_is_told_which(
        FaultKind kind, string? target, string without, string? said)
    {
        var missing = DrillMachines.Missing(DrillBed.Killing(DrillBed.Fault(kind, 0, 1, target)),
            Seen with { Machines = [.. All.Where(machine => machine.Name != without)] }).ToList();
        if (said is null) Assert.Empty(missing);
        else Assert.Contains(said, Assert.Single(missing));
    }

    [Theory]
    [InlineData(FaultKind.NodeLost)]
    [InlineData(FaultKind.NodePaused)]
    public void A_loss_is_over_when_what_it_put_out_is_back(FaultKind kind)
    {
        // Given a node that was lost, and whose replicas are ready elsewhere
        var fault = new FaultTrace(0, DrillBed.Fault(kind, 0, 1, "a-1"));
        var at = Instant.Zero;
        fault.Ask(DrillTargets.Choose(fault.Spec, Seen, [], new Rng(1))!, at);
        fault.Strike("gone", at);
        var elsewhere = Seen with
        {
            Replicas = [.. Seen.Replicas.Select(r => r with { Node = "b-1", Pid = 99 })],
            Nodes = [.. Seen.Nodes.Select(n => n.Name == "a-1" ? n with { State = "dead" } : n)],
        };
        at += TimeSpan.FromSeconds(2);
        var told = fault.See(elsewhere, at, at).ToList();
        Assert.Contains(told, what => what.StartsWith("detected", StringComparison.Ordinal));
        Assert.Equal(kind == FaultKind.NodeLost,
            told.Exists(what => what.StartsWith("whole", StringComparison.Ordinal)));
        Assert.False(fault.Mended);

        // When it has ended, the node is awaited
        fault.End("again", at);
        at += TimeSpan.FromSeconds(1);
        Assert.DoesNotContain(fault.See(elsewhere, at, at), what => what.Contains("back"));
        Assert.False(fault.Mended);
        Assert.Equal(["back after 1.0 s (since it ended)"], fault.See(Seen, at, at).Where(w => w.Contains("back")));
        Assert.True(fault.Mended);
    }

    private static DrilledMachine Machine(string name, string zone, string? server = null, string? store = null,
        string? node = null, string? gateway = null, bool here = false) => new(
        name, name, here, node, zone, server, gateway, store,
        server is null ? [] : EquatableArray.Create<string>(["https://s-a:2379", "https://s-b:2379"]));
}
