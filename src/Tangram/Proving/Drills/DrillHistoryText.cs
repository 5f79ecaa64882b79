using Tangram.Cli;
using Tangram.Observing;

namespace Tangram.Proving.Drills;

/// <summary>A history of drills for people.</summary>
internal static class DrillHistoryText
{
    public static void Print(IReadOnlyList<DrillSummary> history, Surroundings around)
    {
        if (history.Count == 0) around.Print("no drill is remembered");
        if (history.Count == 0) return;
        var table = new Table("BEGAN", "DRILL", "SEED", "VERDICT", "AVAILABILITY", "DETECTED", "LEFT", "WHOLE");
        foreach (var one in history)
            table.Add(CommandContext.Shown(one.StartedAt, around), one.Drill, $"{one.Seed}",
                DrillReport.Word(one.Verdict), one.Availability is { } share ? DrillAim.Percent(share) : "-",
                Words(one.Detected), Words(one.Left), Words(one.Whole));
        table.Write(around);
    }

    private static string Words(TimeSpan? time) => time is { } known ? Duration.Words(known) : "-";
}
