using Tangram.Model;
using Tangram.Proving.Drills;
using Tangram.Proving.Proofs;
using Tangram.Tests.Proving.Drills;

namespace Tangram.Tests.Proving.Proofs;

public sealed class ProofTests
{
    private static readonly ObjectivesSpec Objectives = new() { Availability = 0.999 };
    private static readonly ClusterSpec Cluster = new()
    {
        Name = "shop", Objectives = Objectives, Services = [new ServiceSpec { Name = ServiceName.Of("web") }],
    };

    private Instant _now = Instant.Zero + TimeSpan.FromHours(1);

    [Fact]
    public void The_gentlest_drill_comes_first_and_chance_last() => Assert.Equal(
        [
            "network", "replica-loss", "traffic-spike", "bad-deploy", "slow-zone", "node-loss", "zone-loss",
            "gateway-loss", "leader-loss", "store-outage", "everything",
        ],
        // Those that come later need not be named here.
        Items(Wish()).Select(item => item.Drill.Name).Where(name => Today.Contains(name)));

    private static readonly string[] Today =
    [
        "bad-deploy", "everything", "gateway-loss", "leader-loss", "network", "node-loss", "replica-loss",
        "slow-zone",
        "store-outage", "traffic-spike", "zone-loss",
    ];

    [Fact]
    public void Each_drill_has_a_seed_of_its_own_that_the_others_do_not_change()
    {
        var (all, one) = (Items(Wish()), Assert.Single(Items(Wish() with { Only = ["node-loss"] })));
        Assert.Equal(all.Count, all.Select(item => item.Seed).Distinct().Count());
        Assert.Equal(all.Single(item => item.Drill.Name == "node-loss").Seed, one.Seed);
        Assert.NotEqual(one.Seed, Items(Wish() with { Seed = 8, Only = ["node-loss"] })[0].Seed);
        Assert.DoesNotContain(Items(Wish() with { Except = ["node-loss"] }), i => i.Drill.Name == "node-loss");
    }

    [Fact]
    public void What_would_show_nothing_is_left_out_and_told()
    {
        var one = new DrillBed(DrillBed.Killing(), Objectives, replicas: 1);
        one.Nodes.Remove("b-1");
        var unfit = ProofItem.Of(DrillFiles.Ready.Select(DrillFiles.Load), Wish(), Cluster, one.Seen,
            drill => drill.Name == "traffic-spike" ? "no gateway" : null).ToDictionary(i => i.Drill.Name, i => i.Unfit);
        Assert.Contains("has one zone", unfit["zone-loss"]);
        Assert.Contains("has one zone", unfit["slow-zone"]);
        Assert.Contains("has one node", unfit["node-loss"]);
        Assert.Contains("no service has a second replica", unfit["replica-loss"]);
        Assert.Contains("no service has a second replica", unfit["everything"]);
        Assert.Equal("no gateway", unfit["traffic-spike"]);
        Assert.Null(unfit["leader-loss"]);
        Assert.All(Items(Wish()).Where(item => Today.Contains(item.Drill.Name)),
            item => Assert.Null(item.Unfit));
    }

    [Fact]
    public void Drills_are_held_one_after_another_each_on_a_ready_cluster()
    {
        var (bed, items) = (Bed(), Items(Wish() with { Only = ["replica-loss", "node-loss"] }));
        var machine = Machine(items, Wish());
        Assert.Equal(new ProofStep.Hold(items[0], 1, 2), machine.Next(bed.Seen, _now));
        machine.Ended(Result(items[0], DrillRuling.Kept));
        bed.Ready = false;
        Assert.IsType<ProofStep.Wait>(machine.Next(bed.Seen, After(1)));
        bed.Ready = true;
        Assert.Equal(new ProofStep.Hold(items[1], 2, 2), machine.Next(bed.Seen, After(59)));
        machine.Ended(Result(items[1], DrillRuling.Kept));
        Assert.IsType<ProofStep.Over>(machine.Next(bed.Seen, _now));
        Assert.All(machine.Rows, row => Assert.Equal(ProofRuling.Kept, row.Verdict));
        Assert.Equal("1 of 1000 failed, p99 10 ms, detected 50 ms, whole 1.5 s", machine.Rows[0].Figure);
        Assert.Equal(0, Of(machine).ExitCode);
    }

    [Fact]
    public void A_cluster_that_does_not_become_ready_ends_it()
    {
        var (bed, items) = (Bed(), Items(Wish()));
        bed.Ready = false;
        var machine = Machine(items, Wish());
        Assert.IsType<ProofStep.Wait>(machine.Next(bed.Seen, _now));
        Assert.IsType<ProofStep.Over>(machine.Next(bed.Seen, After(61)));
        Assert.Equal(ProofRuling.NotBegun, machine.Rows[0].Verdict);
        Assert.All(machine.Rows.Skip(1), row => Assert.Equal(ProofRuling.Skipped, row.Verdict));
        Assert.Equal((items.Count, 1), (machine.Rows.Count, Of(machine).ExitCode));
    }

    [Theory]
    [InlineData(DrillRuling.Broken, false, ProofRuling.Skipped)]
    [InlineData(DrillRuling.Broken, true, null)]
    [InlineData(DrillRuling.Void, false, null)]
    [InlineData(DrillRuling.NotBegun, false, null)]
    [InlineData(DrillRuling.Stopped, true, ProofRuling.Stopped)]
    public void A_broken_drill_ends_it_unless_it_keeps_going(DrillRuling first, bool goes, ProofRuling? second)
    {
        var items = Items(Wish() with { Only = ["replica-loss", "node-loss"] });
        var machine = Machine(items, Wish() with { KeepGoing = goes });
        machine.Next(Bed().Seen, _now);
        machine.Ended(Result(items[0], first));
        var next = machine.Next(Bed().Seen, _now);
        Assert.Equal(second is null, next is ProofStep.Hold);
        if (second is not null) Assert.Equal(second, machine.Rows[1].Verdict);
        else machine.Ended(Result(items[1], DrillRuling.Kept));
        Assert.Equal(1, Of(machine).ExitCode);
    }

    [Fact]
    public void No_drill_begins_that_would_end_after_the_budget()
    {
        var wish = Wish() with { Only = ["replica-loss", "node-loss"], Budget = TimeSpan.FromSeconds(30) };
        var items = Items(wish);
        var machine = Machine(items, wish);
        Assert.IsType<ProofStep.Hold>(machine.Next(Bed().Seen, _now));
        machine.Ended(Result(items[0], DrillRuling.Kept));
        Assert.IsType<ProofStep.Over>(machine.Next(Bed().Seen, After(15)));
        Assert.Contains("of --budget 15.0 s are left", machine.Rows[1].Because[0]);
        Assert.Equal(0, Of(machine).ExitCode);
    }

    [Fact]
    public void A_spent_error_budget_is_left_alone_unless_told_otherwise()
    {
        var (bed, items) = (Bed(), Items(Wish() with { Only = ["replica-loss"] }));
        (bed.Requests, bed.Errors) = (10_000, 11);
        var machine = Machine(items, Wish());
        Assert.IsType<ProofStep.Over>(machine.Next(bed.Seen, _now));
        Assert.Contains("the error budget is spent", machine.Rows[0].Because[0]);
        // Nothing was shown
        Assert.Equal((ProofRuling.Skipped, 1), (machine.Rows[0].Verdict, Of(machine).ExitCode));
        Assert.IsType<ProofStep.Hold>(Machine(items, Wish() with { Regardless = true }).Next(bed.Seen, _now));
    }

    [Fact]
    public void What_could_not_be_begun_is_told_and_the_next_one_begins()
    {
        var items = Items(Wish() with { Only = ["replica-loss", "node-loss"] });
        var machine = Machine(items, Wish());
        machine.Next(Bed().Seen, _now);
        machine.Refused("another drill is held");
        Assert.Equal((ProofRuling.NotBegun, "another drill is held"),
            (machine.Rows[0].Verdict, machine.Rows[0].Because[0]));
        Assert.IsType<ProofStep.Hold>(machine.Next(Bed().Seen, _now));
    }

    [Fact]
    public void What_is_foretold_is_what_would_be_held()
    {
        var wish = Wish() with
        {
            Only = ["replica-loss", "node-loss", "bad-deploy"], Budget = TimeSpan.FromSeconds(31),
        };
        var rows = ProofMachine.Foretold(Items(wish), wish, Objectives, Bed().Seen);
        Assert.Equal([ProofRuling.Planned, ProofRuling.Planned, ProofRuling.Skipped], rows.Select(row => row.Verdict));
        Assert.Equal("about 15.0 s", rows[0].Because[0]);
    }

    [Fact]
    public void A_result_is_read_as_it_was_written()
    {
        var items = Items(Wish() with { Only = ["replica-loss"] });
        var machine = Machine(items, Wish());
        machine.Next(Bed().Seen, _now);
        machine.Ended(Result(items[0], DrillRuling.Kept));
        var result = Of(machine);
        Assert.Equal(result, ProofJson.Read(ProofJson.Write(result)));
        Assert.Contains("\"verdict\": \"Kept\"", ProofJson.Write(result));
    }

    private static ProofWish Wish() => new() { Seed = 7 };

    private static DrillBed Bed() => new(DrillBed.Killing(), Objectives);

    private static IReadOnlyList<ProofItem> Items(ProofWish wish) =>
        ProofItem.Of(DrillFiles.Ready.Select(DrillFiles.Load), wish, Cluster, Bed().Seen, _ => null);

    private ProofMachine Machine(IReadOnlyList<ProofItem> items, ProofWish wish) => new(items, wish, Objectives, _now);

    private Instant After(double seconds) => _now += TimeSpan.FromSeconds(seconds);

    private static ProofResult Of(ProofMachine machine) => new()
    {
        Cluster = "shop", Seed = 7, StartedAt = DateTimeOffset.UnixEpoch, Took = TimeSpan.FromSeconds(30),
        Rows = machine.Rows.ToEquatableArray(),
    };

    private static DrillResult Result(ProofItem item, DrillRuling ruling) =>
        DrillBed.Result(item.Drill.Name, ruling, TimeSpan.FromSeconds(1.5));
}
