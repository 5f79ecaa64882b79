using System.Globalization;
using Tangram.Proving.Faults;

namespace Tangram.Bench.Faults;

/// <summary>Each fault of a link: what was asked, what its holder says that it did, what the other end
/// saw.</summary>
internal static class PacketBench
{
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(2), Late = TimeSpan.FromMilliseconds(15);
    private const double PerSecond = 1000;

    /// <param name="args"><c>machine</c>: the faults of replicas and machines alone; <c>link</c>: the other
    /// ones.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["machine"]) await LinksAsync();
        if (args is not ["link"]) await MachineRows.RunAsync();
        return 0;
    }

    private static async Task LinksAsync()
    {
        (FaultKind Kind, LinkSpec Spec)[] rows =
        [
            (FaultKind.LinkDelay, new LinkSpec { Delay = Ms(100) }),
            (FaultKind.LinkDelay, new LinkSpec { Delay = Ms(100), Jitter = Ms(50) }),
            (FaultKind.LinkReorder, new LinkSpec { Reorder = 0.25, ReorderBy = Ms(20) }),
            (FaultKind.LinkLoss, new LinkSpec { Loss = 0.1 }),
            (FaultKind.LinkLoss, new LinkSpec { Loss = 0.1, Burst = 5 }),
            (FaultKind.LinkDuplicate, new LinkSpec { Duplicate = 0.1 }),
            (FaultKind.LinkCorrupt, new LinkSpec { Corrupt = 0.1 }),
            (FaultKind.LinkBandwidth, new LinkSpec { BitsPerSecond = 1_000_000 }),
            (FaultKind.LinkCut, new LinkSpec { Cut = true }),
        ];
        using var bed = new PacketBed();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{PerSecond:0} numbered UDP packets a second of 1,000 bytes for {Lasts.TotalSeconds:0} s from one ") +
            "namespace to another; and one TCP connection");
        Console.WriteLine("| kind | asked | the other end saw | bits/s by UDP | bits/s by TCP | the holder says | " +
            "reverted | last trouble after SIGKILL of the holder |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        var ordinary = await PacketBed.StreamAsync(Lasts, PerSecond);
        Console.WriteLine($"| none | | {ordinary} | {Mega(ordinary.BitsPerSecond)} | {Mega(await TcpAsync())} | | | |");
        var folder = Directory.CreateTempSubdirectory("tangram-packets-").FullName;
        foreach (var (kind, spec) in rows) Console.WriteLine(await RowAsync(kind, spec, folder));
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> RowAsync(FaultKind kind, LinkSpec spec, string folder)
    {
        var order = new FaultOrder(0, false, kind, "a", TimeSpan.FromMinutes(5), [], [])
        {
            Link = new FaultLink(spec, [PacketBed.Receiver], [], [], 7),
        };
        string told;
        Seen meanwhile, after;
        double tcp;
        using (var holder = await HolderLine.OpenAsync(folder, PacketBed.From))
        {
            await holder.InjectAsync(order);
            meanwhile = await PacketBed.StreamAsync(Lasts, PerSecond);
            told = await holder.RevertAsync();
            after = await PacketBed.StreamAsync(Lasts / 4, PerSecond);
            await holder.InjectAsync(order);
            tcp = spec.Cut ? 0 : await TcpAsync();
            await holder.RevertAsync();
        }
        using var killed = await HolderLine.OpenAsync(folder, PacketBed.From);
        await killed.InjectAsync(order);
        var at = 0L;
        var stream = await PacketBed.StreamAsync(Lasts, PerSecond, passed =>
        {
            if (at == 0 && passed > 0.5) at = killed.Kill();
        });
        return $"| {FaultForm.Of(kind).Word} | {spec} | {meanwhile} | {Mega(meanwhile.BitsPerSecond)} | " +
            $"{Mega(tcp)} | {told} | {after} | " + string.Create(CultureInfo.InvariantCulture,
            $"{stream.LastTrouble(at, Late) * 1000:0} ms |");
    }

    private static Task<double> TcpAsync() => PacketBed.TcpAsync(TimeSpan.FromSeconds(2.5));
    private static string Mega(double bits) => string.Create(CultureInfo.InvariantCulture, $"{bits / 1e6:0.00} M");
    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
