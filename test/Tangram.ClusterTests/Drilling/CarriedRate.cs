using Tangram.Proving;
using Tangram.Proving.Faults;

namespace Tangram.ClusterTests.Drilling;

/// <summary>How many requests a second leave the machine room for what a drill is about: that is to be judged, and not
/// the machine.</summary>
internal static class CarriedRate
{
    private const double MostBusy = 0.5;

    /// <summary>Programs that have just been started compile what they run, so the first looks are for that.</summary>
    private const int LooksWarm = 5, LooksMost = 10;

    private static readonly TimeSpan QuickEnough = TimeSpan.FromMilliseconds(250);

    /// <summary>The most, or its half, its quarter and so on, as long as that is not below the least.</summary>
    /// <param name="runAsync">A load at a rate for a while. It ends when all is answered.</param>
    public static async Task<double> FindAsync(double most, double least, Func<double, Task<LoadResult>> runAsync)
    {
        // Few at first: what waits for a program that compiles keeps it from it.
        foreach (var part in (int[])[8, 4, 2]) await runAsync(most / part);
        var rate = most;
        for (var looks = 1; !await CarriesAsync(rate, runAsync) && looks < LooksMost; looks++)
            if (looks >= LooksWarm && rate / 2 >= least) rate /= 2;
        return rate;
    }

    private static async Task<bool> CarriesAsync(double rate, Func<double, Task<LoadResult>> runAsync)
    {
        var before = BusyCores.Machine();
        var result = await runAsync(rate);
        var after = BusyCores.Machine();
        return after.Busy - before.Busy <= MostBusy * (after.All - before.All)
            && result.Total.Bad == 0 && result.Total.Latency.P99 <= QuickEnough;
    }
}
