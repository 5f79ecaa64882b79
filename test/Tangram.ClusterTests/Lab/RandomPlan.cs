using System.Globalization;

namespace Tangram.ClusterTests.Lab;

internal enum Fault
{
    PowerOff, ZonePowerOff, EtcdKilled, ProgramKilled, Paused, PausedAndCutOff, CutOff, CutZones, CutOneWay,
}

/// <summary>One fault, and the machine, machines or zones that it befalls.</summary>
internal sealed record Strike(Fault Fault, string First, string Second = "")
{
    /// <summary>The machines that are not as they were; cuts leave all as they are.</summary>
    public IEnumerable<string> Befallen => Fault switch
    {
        Fault.ZonePowerOff => RandomPlan.Machines.Where(m => RandomPlan.ZoneOf(m) == First),
        Fault.CutZones or Fault.CutOneWay or Fault.CutOff => [],
        _ => [First],
    };

    public override string ToString() => Fault switch
    {
        Fault.PowerOff => $"{First} loses power",
        Fault.ZonePowerOff => $"zone {First} loses power",
        Fault.EtcdKilled => $"etcd on {First} is killed",
        Fault.ProgramKilled => $"tangram on {First} is killed",
        Fault.Paused => $"{First} stands still",
        Fault.PausedAndCutOff => $"{First} stands still and is cut off",
        Fault.CutOff => $"{First} is cut off",
        Fault.CutZones => $"zones {First} and {Second} are cut apart",
        _ => $"{First} does not reach {Second}",
    };
}

/// <summary>One fault, or two of which the second strikes while the first lasts; all are healed together.</summary>
/// <param name="Between">From the first to the second.</param>
/// <param name="Lasting">From the last strike until all is healed.</param>
internal sealed record RandomRound(IReadOnlyList<Strike> Strikes, TimeSpan Between, TimeSpan Lasting)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{string.Join($", and {Between.TotalSeconds:0.0} s later ", Strikes)}, for {Lasting.TotalSeconds:0.0} s");
}

/// <summary>What befalls the machines of <see cref="ShopLab"/>: nothing but the seed decides it.</summary>
internal static class RandomPlan
{
    public static readonly string[] Machines =
        ["s-a", "s-b", "s-c", "n-a1", "n-a2", "n-b1", "n-b2", "n-c1", "n-c2", "g-a", "g-b"];

    private static readonly string[] Servers = Machines[..3], Zones = ["a", "b", "c"];

    /// <summary>Shorter than any time-out, up to long enough for all of them.</summary>
    private const double ShortestSeconds = 0.5, LongestSeconds = 10;

    /// <summary>So many of ten rounds have two faults.</summary>
    private const int Overlapping = 3;

    public static string ZoneOf(string machine) => machine[2..3];

    public static List<RandomRound> Of(int seed, int faults)
    {
        var chance = new Random(seed);
        var rounds = new List<RandomRound>();
        for (var left = faults; left > 0; left -= rounds[^1].Strikes.Count)
        {
            var strikes = new List<Strike> { Any(chance) };
            if (left > 1 && chance.Next(10) < Overlapping) strikes.Add(Another(chance, strikes[0]));
            rounds.Add(new RandomRound(strikes, Span(chance) / 2, Span(chance)));
        }
        return rounds;
    }

    /// <summary>What is off cannot be killed or paused too.</summary>
    private static Strike Another(Random chance, Strike first)
    {
        while (true)
            if (Any(chance) is var second && !second.Befallen.Intersect(first.Befallen).Any())
                return second;
    }

    private static Strike Any(Random chance)
    {
        var fault = (Fault)chance.Next(Enum.GetValues<Fault>().Length);
        var (first, second) = Two(chance, fault switch
        {
            Fault.ZonePowerOff or Fault.CutZones => Zones,
            Fault.EtcdKilled => Servers,
            _ => Machines,
        });
        return new Strike(fault, first, fault is Fault.CutZones or Fault.CutOneWay ? second : "");
    }

    private static (string, string) Two(Random chance, string[] among)
    {
        var first = chance.Next(among.Length);
        var second = (first + 1 + chance.Next(among.Length - 1)) % among.Length;
        return (among[first], among[second]);
    }

    private static TimeSpan Span(Random chance) =>
        TimeSpan.FromSeconds(ShortestSeconds + chance.NextDouble() * (LongestSeconds - ShortestSeconds));
}
