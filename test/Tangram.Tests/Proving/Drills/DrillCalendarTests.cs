using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Drills;

namespace Tangram.Tests.Proving.Drills;

/// <summary>Which drill is held when, in virtual time, read once a second as the daemon does.</summary>
public sealed class DrillCalendarTests
{
    private static readonly DrillSurroundings Quiet = new(Ready: true, Deploys: false, Held: false);
    private static readonly ScheduledDrillSpec Hourly = new() { Drill = "replica-loss", Cron = "0 * * * *" };

    private readonly DrillCalendar _calendar = new();
    private readonly List<string> _steps = [];
    private DateTimeOffset _now = new(2026, 11, 29, 2, 59, 50, TimeSpan.Zero);

    [Fact]
    public void A_drill_is_held_when_its_time_has_come_and_once()
    {
        Pass(9, Quiet, Hourly);
        Assert.Empty(_steps);
        Pass(3600, Quiet, Hourly);
        Assert.Equal(["replica-loss held for 03:00:00 at 03:00:00"], _steps);
        Pass(10, Quiet, Hourly);
        Assert.Equal("replica-loss held for 04:00:00 at 04:00:00", _steps[1]);
    }

    [Fact]
    public void Its_time_zone_counts()
    {
        Pass(20, Quiet, Hourly with { Cron = "0 4 * * *", TimeZone = "Europe/Berlin" });
        Assert.Equal(["replica-loss held for 03:00:00 at 03:00:00"], _steps);
    }

    public static TheoryData<bool, bool, bool, string> Hindrances => new()
    {
        { false, false, false, "the cluster was not ready" }, { false, true, false, "a revision went out" },
        { true, false, true, "another drill was held" },
    };

    [Theory, MemberData(nameof(Hindrances))]
    public void It_waits_for_a_cluster_that_is_ready_and_left_alone(bool ready, bool deploys, bool held, string why)
    {
        var busy = new DrillSurroundings(ready, deploys, held);
        Pass(70, busy, Hourly);
        Assert.Empty(_steps);
        Assert.True(_calendar.Waits);
        Pass(1, Quiet, Hourly);
        Assert.Equal(["replica-loss held for 03:00:00 at 03:01:00"], _steps);
        // And no longer than its deadline
        Pass(3600 + 5 * 60 + 10, busy, Hourly);
        Assert.Equal($"replica-loss skipped for 04:00:00: {why} for 301.0 s", _steps[1]);
        Assert.False(_calendar.Waits);
    }

    [Fact]
    public void Never_two_at_once_and_the_second_follows()
    {
        var other = Hourly with { Drill = "node-loss" };
        Pass(11, Quiet, Hourly, other);
        Assert.Single(_steps);
        Pass(30, Quiet with { Held = true }, Hourly, other);
        Assert.Single(_steps);
        Pass(1, Quiet, Hourly, other);
        Assert.Equal("node-loss held for 03:00:00 at 03:00:31", _steps[1]);
    }

    [Theory]
    [InlineData(11, false)]
    [InlineData(3600 * 5 + 30, false)]
    [InlineData(9, true)]
    public void What_nobody_saw_in_time_is_not_made_up_for(int late, bool held)
    {
        Pass(5, Quiet, Hourly);
        // The machine slept
        _now += TimeSpan.FromSeconds(5 + late);
        Pass(1, Quiet, Hourly);
        Assert.Equal(held, Assert.Single(_steps).Contains("held"));
        Pass(60, Quiet, Hourly);
        Assert.Single(_steps);
    }

    [Fact]
    public void A_daemon_that_was_away_makes_nothing_up()
    {
        _now += TimeSpan.FromSeconds(11);
        Pass(60, Quiet, Hourly);
        Assert.Empty(_steps);
    }

    [Fact]
    public void A_clock_that_is_put_back_holds_it_again_at_its_time_and_not_later()
    {
        Pass(11, Quiet, Hourly);
        _now -= TimeSpan.FromHours(1);
        Pass(3600, Quiet, Hourly);
        Assert.Equal(["replica-loss held for 03:00:00 at 03:00:00", "replica-loss held for 03:00:00 at 03:00:00"],
            _steps);
    }

    [Fact]
    public void What_is_not_asked_for_any_more_does_not_wait()
    {
        Pass(20, Quiet with { Ready = false }, Hourly);
        Assert.True(_calendar.Waits);
        Pass(1, Quiet with { Ready = false });
        Assert.False(_calendar.Waits);
        Assert.Empty(_steps);
    }

    [Fact]
    public void One_that_waits_gives_way_to_its_next_occurrence()
    {
        var often = Hourly with { Cron = "* * * * *" };
        Pass(80, Quiet with { Ready = false }, often);
        Pass(1, Quiet, often);
        Assert.Equal(
            ["replica-loss skipped for 03:00:00: the next one had come", "replica-loss held for 03:01:00 at 03:01:10"],
            _steps);
    }

    [Theory]
    [InlineData("replica-loss", BlastRadius.Replica)]
    [InlineData("node-loss", BlastRadius.Node)]
    [InlineData("slow-zone", BlastRadius.Zone)]
    [InlineData("leader-loss", BlastRadius.Cluster)]
    [InlineData("traffic-spike", BlastRadius.Cluster)]
    [InlineData("everything", BlastRadius.Replica)]
    public void A_drill_strikes_no_more_than_was_allowed(string name, BlastRadius least)
    {
        var drill = DrillFiles.Load(name);
        foreach (var most in Enum.GetValues<BlastRadius>())
        {
            Assert.Equal(most >= least, Radius.Beyond(drill, most) is null);
            var drawn = RandomFaults.Added(drill with { Faults = [], Random = 50 },
                new DrillBed(drill).Seen, new ClusterSpec { Name = "shop" }, new Rng(3), most).Faults;
            Assert.All(drawn, fault => Assert.True(Radius.Of(fault.Form) <= most, $"{fault} at {most}"));
        }
    }

    /// <summary>Second by second.</summary>
    private void Pass(int seconds, DrillSurroundings around, params ScheduledDrillSpec[] asked)
    {
        for (var second = 0; second < seconds; second++)
        {
            var due = new List<DueDrill>();
            foreach (var drill in asked)
                if (Cron.Of(drill.Schedule)!.Since(_calendar.HandledOf(drill, _now), _now, 1) is var (newest, _))
                    due.Add(new DueDrill(drill, newest));
            foreach (var step in _calendar.On(asked, due, around, _now))
                _steps.Add(step switch
                {
                    CalendarStep.Hold one => $"{one.Drill.Drill} held for {one.Occurrence:HH:mm:ss} at {_now:HH:mm:ss}",
                    CalendarStep.Skip one => $"{one.Drill.Drill} skipped for {one.Occurrence:HH:mm:ss}: {one.Because}",
                    _ => throw new InvalidOperationException(),
                });
            _now += TimeSpan.FromSeconds(1);
        }
    }
}
