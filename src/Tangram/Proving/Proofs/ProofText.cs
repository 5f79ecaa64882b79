using Tangram.Cli;
using Tangram.Observing;

namespace Tangram.Proving.Proofs;

/// <summary>A proof for people.</summary>
internal static class ProofText
{
    /// <summary>As soon as it is known.</summary>
    public static string Line(ProofRow row) => $"{row.Drill}: {row.Word}" + Because(row);

    public static void Print(ProofResult result, Surroundings around)
    {
        around.Print("");
        var table = new Table("PROMISE", "CHECKED BY", "FIGURE", "VERDICT") { Yields = ["FIGURE", "CHECKED BY"] };
        foreach (var row in result.Rows)
            table.Add(row.Promise, $"tangram drill {row.Drill} --seed {row.Seed}",
                row.Verdict == ProofRuling.Planned ? row.Because[0] : row.Figure == "" ? "-" : row.Figure, row.Word);
        table.Write(around);
        var reasons = result.Rows.Where(row => row.Verdict is not (ProofRuling.Kept or ProofRuling.Planned))
            .ToList();
        if (reasons.Count > 0) around.Print("");
        foreach (var row in reasons) around.Print(Line(row));
        around.Print("");
        var planned = result.Rows.Where(row => row.Verdict == ProofRuling.Planned).ToList();
        around.Print(planned.Count > 0
            ? $"{result.Cluster}: {result.Sum()}; about {Duration.Words(planned.Aggregate(TimeSpan.Zero,
                (sum, row) => sum + row.Takes))} (seed {result.Seed})"
            : $"{result.Cluster}: {result.Sum()}; took {Duration.Words(result.Took)} (seed {result.Seed})");
    }

    private static string Because(ProofRow row) => row.Because.Count == 0 ? "" : ": " + string.Join("; ", row.Because);
}
