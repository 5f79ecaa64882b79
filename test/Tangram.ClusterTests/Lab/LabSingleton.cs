using System.Globalization;

namespace Tangram.ClusterTests.Lab;

/// <summary>A singleton that proves by itself that it is alone: ten times a second it writes a line to a file that all
/// machines share. Lines of one process never stand between those of another.</summary>
internal static class LabSingleton
{
    public const string Service = "alone";

    /// <summary>What is promised of a machine that stood still: its guard looks as soon as it wakes, and the process
    /// may run for that instant.</summary>
    private const double WakingSeconds = 0.5;

    /// <param name="Uptime">In seconds; the kernel is the same on all machines.</param>
    internal sealed record Beat(string Replica, string Node, int Pid, double Uptime);

    /// <summary>For the shop's file.</summary>
    public static string Text(ShopLab shop)
    {
        var script = shop.FileOf("alone.sh");
        File.WriteAllText(script, $$"""
            while read -r now idle </proc/uptime; do
                echo "$TANGRAM_REPLICA $TANGRAM_NODE $$ $now" >>{{shop.FileOf("beats")}}
                sleep 0.1
            done

            """);
        return $"  {Service}:\n    command: [sh, {script}]\n    x-tangram: {{ singleton: true }}\n";
    }

    public static double Uptime() =>
        double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>How many processes there were one after the other, the longest time without one, and how many lines
    /// came from one that woke with its machine though another had begun. Fails when there were two at once.</summary>
    public static (int Processes, double LongestGap, int Woken) Judge(
        IReadOnlyList<Beat> beats, IReadOnlyList<(string Node, double From, double To)> slept)
    {
        Assert.NotEmpty(beats);
        var (now, retired, gap, woken) = (beats[0], new HashSet<(string, int)>(), 0.0, 0);
        foreach (var beat in beats)
        {
            if (retired.Contains((beat.Replica, beat.Pid)))
            {
                Assert.True(slept.Any(s => s.Node == beat.Node && beat.Uptime > s.From - WakingSeconds
                    && beat.Uptime < s.To + WakingSeconds), $"two singletons: after {now} came {beat}");
                woken++;
                continue;
            }
            if ((beat.Replica, beat.Pid) != (now.Replica, now.Pid)) retired.Add((now.Replica, now.Pid));
            gap = Math.Max(gap, beat.Uptime - now.Uptime);
            now = beat;
        }
        return (retired.Count + 1, gap, woken);
    }

    public static List<Beat> Read(ShopLab shop) =>
        [.. from line in File.ReadLines(shop.FileOf("beats"))
            let words = line.Split(' ')
            where words.Length == 4
            select new Beat(words[0], words[1], int.Parse(words[2], CultureInfo.InvariantCulture),
                double.Parse(words[3], CultureInfo.InvariantCulture))];
}
