using Tangram.Model;

namespace Tangram.Planning;

/// <summary>A drill by a calendar that the file asks for. Whether it exists, how much it strikes and whether its times
/// make sense is for the shell to look up.</summary>
public sealed record DrillAsked(ScheduledDrillSpec Spec, Place Drill, Place Schedule, Place TimeZone, Place AtMost);

/// <summary>Reads <c>x-tangram.drills</c>.</summary>
internal static class DrillsReader
{
    /// <summary>A drill takes about half a minute, and they are held one after another.</summary>
    private const int Most = 50;

    public static IReadOnlyList<DrillAsked> Read(Fields tangram)
    {
        var found = new List<DrillAsked>();
        var items = tangram.Items("drills");
        if (items.Count > Most)
            tangram.Problems.Error(tangram.PlaceOf("drills"), $"these are more than {Most} drills", "delete some");
        foreach (var item in items.Take(Most))
        {
            if (One(Fields.Open(item, TopKeys.Drill, item.Place, tangram.Problems)) is not { } asked) continue;
            if (found.Any(other => other.Spec.Drill == asked.Spec.Drill && other.Spec.Schedule == asked.Spec.Schedule))
                tangram.Problems.Error(item.Place, $"{asked.Spec.Drill} has this schedule twice", "keep one of them");
            else found.Add(asked);
        }
        return found;
    }

    private static DrillAsked? One(Fields fields)
    {
        if (!fields.IsMap) return null;
        foreach (var (key, remedy) in ((string, string)[])[
            ("drill", "write drill: and the name of a ready drill, as `tangram drill` lists them"),
            ("schedule", "write schedule: \"0 3 * * 1\", which is Mondays at three")])
            if (fields[key] is null) fields.Problems.Error(fields.Place, $"this drill has no '{key}'", remedy);
        var spec = new ScheduledDrillSpec
        {
            Drill = fields.Filled("drill") ?? "",
            Cron = fields.Filled("schedule") ?? "",
            TimeZone = fields.Filled("time_zone") ?? "UTC",
            AtMost = fields.Choice("at_most", BlastRadius.Zone,
                [("replica", BlastRadius.Replica), ("node", BlastRadius.Node), ("zone", BlastRadius.Zone),
                    ("cluster", BlastRadius.Cluster)]),
            StartingDeadline = fields.Duration("starting_deadline", ScheduledDrillSpec.UsualDeadline, positive: true),
        };
        return new DrillAsked(spec, fields.PlaceOf("drill"), fields.PlaceOf("schedule"), fields.PlaceOf("time_zone"),
            fields.PlaceOf("at_most"));
    }
}
