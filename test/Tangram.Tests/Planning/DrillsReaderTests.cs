using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

/// <summary><c>x-tangram.drills</c>: drills by a calendar.</summary>
public sealed class DrillsReaderTests
{
    [Fact]
    public void What_is_asked_is_read()
    {
        var spec = Read("{ drill: node-loss, schedule: \"0 3 * * 1\", time_zone: Europe/Berlin, at_most: node, " +
            "starting_deadline: 1h }, { drill: zone-loss, schedule: \"@weekly\" }").Spec!;
        Assert.Equal(new ScheduledDrillSpec
        {
            Drill = "node-loss", Cron = "0 3 * * 1", TimeZone = "Europe/Berlin", AtMost = BlastRadius.Node,
            StartingDeadline = TimeSpan.FromHours(1),
        }, spec.Drills[0]);
        Assert.Equal((BlastRadius.Zone, TimeSpan.FromMinutes(5), "UTC"),
            (spec.Drills[1].AtMost, spec.Drills[1].StartingDeadline, spec.Drills[1].TimeZone));
        Assert.Equal(spec, Json.Read<ClusterSpec>(Json.Write(spec)));
    }

    [Theory]
    [InlineData("{ schedule: \"0 3 * * 1\" }", "this drill has no 'drill'")]
    [InlineData("{ drill: node-loss }", "this drill has no 'schedule'")]
    [InlineData("{ drill: node-los, schedule: \"0 3 * * 1\" }", "'node-los', which is no ready drill. Write node-loss")]
    [InlineData("{ drill: mine.yaml, schedule: \"0 3 * * 1\" }", "which is no ready drill")]
    [InlineData("{ drill: node-loss, schedule: \"61 3 * * 1\" }", "'schedule' is '61 3 * * 1', which is no cron")]
    [InlineData("{ drill: node-loss, schedule: \"0 3 31 2 *\" }", "which never comes")]
    [InlineData("{ drill: node-loss, schedule: \"0 3 * * 1\", time_zone: Mars }", "'time_zone' is 'Mars'")]
    [InlineData("{ drill: node-loss, schedule: \"0 3 * * 1\", at_most: rack }", "'at_most' is 'rack'")]
    [InlineData("{ drill: node-loss, schedule: \"0 3 * * 1\", at_most: replica }", "strikes a node, and a replica")]
    [InlineData("{ drill: leader-loss, schedule: \"0 3 * * 1\" }", "strikes the whole cluster, and a zone at most")]
    [InlineData("{ drill: node-loss, schedule: \"0 3 * * 1\", starting_deadline: 0s }", "starting_deadline")]
    [InlineData("{ drill: node-loss, schedule: \"0 3 * * 1\", starting_deadline: soon }", "starting_deadline")]
    [InlineData("{ drill: node-loss, schedule: \"0 3 * * 1\", cron: x }", "'cron' is not a key of x-tangram.drills")]
    [InlineData("{ drill: node-loss, schedule: \"@daily\" }, { drill: node-loss, schedule: \"@daily\" }", "twice")]
    [InlineData("node-loss", "takes a map")]
    public void What_is_wrong_is_told_with_its_place(string drills, string told)
    {
        var problem = Assert.Single(Read(drills).Problems, problem => problem.Severity == Severity.Error);
        Assert.Contains(told, problem.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(3, problem.Place.Line);
    }

    private static ComposeAnswer Read(string drills)
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = "services: { web: { command: x } }\nx-tangram:\n  drills: [ " + drills + " ]\n",
        };
        return files.Read(["compose.yaml"]);
    }
}
