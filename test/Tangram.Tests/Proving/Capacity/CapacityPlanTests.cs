using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving.Capacity;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Proving.Capacity;

public sealed class CapacityPlanTests
{
    private static readonly ServiceName Web = ServiceName.Of("web");

    private static readonly MeasuredCapacity Measured = new()
    {
        Revision = 1, Rate = 380, LatencyP99 = TimeSpan.FromMilliseconds(250), Greatest = 400, Knee = 8,
        Idle = TimeSpan.FromMilliseconds(25), At = new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero),
    };

    private static ClusterSpec Spec(string command = "serve", int replicas = 3, string rate = "1000/s") => Yaml.Spec(
        $"services: {{ web: {{ command: {command}, deploy: {{ replicas: {replicas} }}, x-tangram: {{ probe: tcp, " +
        $"forecast: {{ rate: {rate} }} }} }} }}\nx-tangram: {{ zones: [a, b, c] }}");

    private static ClusterState State(ClusterSpec spec, params MeasuredCapacity[] known) => ClusterState.Empty with
    {
        Revisions = ClusterState.Empty.Revisions.SetItem(1, new Revision { Number = 1, Spec = spec }),
        Capacities = known.Length == 0 ? ClusterState.Empty.Capacities : ClusterState.Empty.Capacities.SetItem(Web,
            new Versioned<Capacities>(new Capacities { Known = known.ToEquatableArray() }, 5)),
        Asked = new Versioned<Asked>(new Asked { Revision = 1 }, 2),
    };

    private static string Text(ClusterState state, ClusterSpec spec) =>
        string.Join('\n', CapacityPlan.Lines(CapacityPlan.Of(state, spec)));

    [Fact]
    public void What_is_needed_is_told_with_any_zone_lost_and_what_is_asked_is_too_few()
    {
        var text = Text(State(Spec(), Measured), Spec());
        Assert.Contains("web: 1000/s at p99 ≤ 250 ms needs 3 replicas, and 6 with any of 3 zones lost (2 in each); " +
            "deploy.replicas is 3", text, StringComparison.Ordinal);
        Assert.Contains("fix: write deploy.replicas: 6", text, StringComparison.Ordinal);
        Assert.Contains("by:  revision 1 on 2026-11-29, /: 380/s at p99 ≤ 250 ms, at most 400/s", text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("fix", Text(State(Spec(), Measured), Spec(replicas: 6)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_capacity_that_nobody_measured_is_said_with_the_command_that_learns_it()
    {
        var text = Text(State(Spec()), Spec());
        Assert.Contains("web: 1000/s, and what one replica carries is not known", text, StringComparison.Ordinal);
        Assert.Contains("`tangram load /PATH --find-limit --service web`", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_capacity_of_another_program_is_used_and_said_to_be_so()
    {
        var need = Assert.Single(CapacityPlan.Of(State(Spec(), Measured), Spec("serve2")));
        Assert.False(need.Same);
        Assert.Contains("differ since", Text(State(Spec(), Measured), Spec("serve2")), StringComparison.Ordinal);
        // More replicas are the same program.
        Assert.True(Assert.Single(CapacityPlan.Of(State(Spec(), Measured), Spec(replicas: 9))).Same);
    }

    [Fact]
    public void Without_a_forecast_nothing_is_said() =>
        Assert.Empty(CapacityPlan.Lines(CapacityPlan.Of(ClusterState.Empty, Documents.Spec(1))));

    [Fact]
    public void What_is_kept_compares_the_key_takes_the_place_of_its_revisions_and_forgets_with_revisions()
    {
        var stamp = new CommandStamp("c", DateTimeOffset.UnixEpoch);
        var state = State(Spec(), Measured with { Revision = 7 }, Measured);
        var accepted = Assert.IsType<Decision.Accepted>(
            CapacityCommands.Keep(state, stamp, Web, Measured with { Rate = 390 }));
        Assert.Equal([Compare.Unchanged(Keys.Capacity(Web), 5)], accepted.Txn.Compares);
        var put = Assert.IsType<StoreOp.Put>(Assert.Single(accepted.Txn.Then));
        var kept = Assert.Single(Json.Read<Capacities>(put.Value).Known);
        Assert.Equal((1, 390), (kept.Revision, kept.Rate));
        Assert.Equal("one replica of web carries 390/s (revision 1)", accepted.What);
        Assert.Equal(Compare.Absent(Keys.Capacity(Web)), Assert.Single(Assert.IsType<Decision.Accepted>(
            CapacityCommands.Keep(State(Spec()), stamp, Web, Measured)).Txn.Compares));
    }

    [Theory]
    [InlineData(2, 380, "there is no service 'web' in revision 2")]
    [InlineData(1, 0, "positive")]
    [InlineData(1, double.NaN, "positive")]
    public void What_cannot_be_is_refused(int revision, double rate, string says) => Assert.Contains(says,
        Assert.IsType<Decision.Refused>(CapacityCommands.Keep(State(Spec()), new CommandStamp("c", default), Web,
            Measured with { Revision = revision, Rate = rate })).Why, StringComparison.Ordinal);
}
