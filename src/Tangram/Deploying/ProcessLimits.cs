using System.Globalization;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>What the kernel is told about a replica's process before its program runs; children inherit it.</summary>
internal static class ProcessLimits
{
    /// <summary>Sentences: what was asked for and cannot be had here.</summary>
    public static IReadOnlyList<string> Apply(int pid, ReplicaStart start)
    {
        var warnings = new List<string>();
        foreach (var limit in start.Ulimits)
            if (!Native.SetLimit(pid, Ulimits.Numbers[limit.Name], (ulong)limit.Soft, (ulong)limit.Hard))
                warnings.Add($"the limit {limit.Name} of {start.Replica} is not in force: {Native.Why}. Above the " +
                             "hard limit that Tangram itself has, only root may set one");
        if (start.OomScoreAdj is not { } score) return warnings;
        try
        {
            File.WriteAllText($"/proc/{pid}/oom_score_adj", score.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warnings.Add($"oom_score_adj of {start.Replica} is not in force: {e.Message}. Below what Tangram itself " +
                         "has, only root may set it");
        }
        return warnings;
    }
}
