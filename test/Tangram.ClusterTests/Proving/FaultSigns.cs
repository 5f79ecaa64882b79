using Tangram.Deploying;
using Tangram.Observing;
using Tangram.Proving.Faults;

namespace Tangram.ClusterTests.Proving;

/// <summary>By what a fault that is in force is seen from outside.</summary>
internal static class FaultSigns
{
    /// <summary>T: it stands still. Null: it is gone.</summary>
    public static char? StateOf(ReplicaView replica) => ProcessStat.Read(replica.Pid!.Value)?.State;

    /// <summary>The state of the node a-1.</summary>
    public static async Task<string?> NodeAsync(DrillCluster cluster) =>
        (await cluster.StatusAsync())?.Nodes.FirstOrDefault(n => n.Name == "a-1")?.State;

    public static string Limit(int pid) => File.ReadLines($"/proc/{pid}/limits")
        .First(line => line.StartsWith("Max open files", StringComparison.Ordinal));

    public static string Ms(TimeSpan span) => FormattableString.Invariant($"{span.TotalMilliseconds:0} ms");

    /// <summary>Who holds the faults of the one cluster whose state is below this folder.</summary>
    public static int Holder(string folder) => Running(words => words.Contains(FaultHolder.Command)
        && words.Any(word => word.StartsWith(folder, StringComparison.Ordinal))
        && !words.Contains(FaultWatch.Option)).Single();

    /// <summary>The processes with such a command line.</summary>
    public static IEnumerable<int> Running(Predicate<string[]> isMeant) => ProcessStat.All()
        .Where(process => !process.Ended).Select(process => process.Pid).Where(pid => isMeant(CommandOf(pid)));

    private static string[] CommandOf(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0'); }
        catch (IOException) { return []; }
    }
}
