using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.Observing;
using Tangram.Proving;

namespace Tangram.ClusterTests.Lab;

/// <summary>One fault under load, and what it cost.</summary>
/// <param name="Detected">Whether a server's word shows that the cluster knows of it.</param>
internal sealed record LabFault(string Name, Action Strike, Action Heal, Func<StatusView, bool> Detected)
{
    /// <summary>How long the fault lasts at least, even when the cluster is whole before.</summary>
    public TimeSpan AtLeast { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>A server that is not asked, because it cannot know.</summary>
    public LabMachine? Unasked { get; init; }
}

/// <param name="Left">Until no request failed or waited for a second any more, to the second.</param>
/// <param name="Detect">Null: not within the patience.</param>
internal sealed record LabCost(LabFault Fault, TimeSpan? Detect, TimeSpan Left, TimeSpan? Whole, LoadResult Load)
{
    public string Words() => string.Create(CultureInfo.InvariantCulture,
        $"{Fault.Name}: detected {Seconds(Detect)}, left {Seconds(Left)}, whole {Seconds(Whole)}; {Load.BadSafe} of " +
        $"{Load.Gets()} safe requests failed, {Load.BadPosts()} POSTs; p99 " +
        $"{Load.Total.Latency.P99.TotalMilliseconds:0} ms, longest {Load.Total.Latency.Max.TotalMilliseconds:0} ms");

    private static string Seconds(TimeSpan? span) =>
        span is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalSeconds:0.0} s") : "never";
}

internal static class LabFaults
{
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(4), Patience = TimeSpan.FromSeconds(60),
        After = TimeSpan.FromSeconds(4), Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Strikes under load, watches, heals, and waits until the shop is whole again.</summary>
    public static async Task<LabCost> SufferAsync(this ShopLab shop, LabFault fault)
    {
        await using var load = shop.StartLoad();
        await Until.PassedAsync(Steady);
        var (time, at, begun) =
            (TimeProvider.System, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetTimestamp());
        fault.Strike();
        TimeSpan? detected = null, whole = null;
        while (time.GetElapsedTime(begun) < Patience)
        {
            await Task.Delay(Look, time);
            var status = await shop.AnyStatusAsync(fault.Unasked);
            var passed = time.GetElapsedTime(begun);
            if (status is not null && detected is null && fault.Detected(status)) detected = passed;
            if (status is null or { Ready: false }) whole = null;
            else if (detected is not null) whole ??= passed;
            if (whole is not null && passed > fault.AtLeast && passed - whole > After) break;
        }
        var result = await load.StopAsync();
        fault.Heal();
        await shop.SoundAsync();
        var cost = new LabCost(fault, detected, result.TroubledFor(at, TimeSpan.FromSeconds(1)), whole, result);
        Figures.Note(cost.Words());
        return cost;
    }
}
