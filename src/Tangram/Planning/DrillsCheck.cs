using Tangram.Model;
using Tangram.Proving.Drills;

namespace Tangram.Planning;

/// <summary>Whether the drills that a file asks for exist, may be held and have times.</summary>
internal static class DrillsCheck
{
    public static void Check(DrillAsked asked, ProblemList problems)
    {
        var spec = asked.Spec;
        if (spec.Cron != "") Cron.Check(spec.Schedule, "schedule", asked.Schedule, asked.TimeZone, problems);
        if (spec.Drill == "") return;
        if (!DrillFiles.Ready.Contains(spec.Drill))
            problems.Error(asked.Drill, $"'drill' is {Quoted.Of(spec.Drill)}, which is no ready drill",
                $"write {(NearMiss.Of(spec.Drill, DrillFiles.Ready) ?? string.Join(" or ", DrillFiles.Ready))}");
        else if (Radius.Beyond(DrillFiles.Load(spec.Drill), spec.AtMost) is { } beyond)
            problems.Error(asked.AtMost, beyond, "write at_most: " +
                $"{Enum.GetValues<BlastRadius>().First(most => Radius.Beyond(DrillFiles.Load(spec.Drill), most) is null)
                    .ToString().ToLowerInvariant()} if that is meant, or name another drill");
    }
}
