using System.Diagnostics;
using System.Globalization;
using Tangram.Proving.Faults;

namespace Tangram.Bench.Faults;

/// <summary>Each fault of replicas and machines that does not need a whole cluster: measured from outside before,
/// meanwhile, after it was taken back, and after its holder was killed.</summary>
internal static class MachineRows
{
    private const string Cluster = "packet-bench";

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tangram-faults-").FullName;
        var disk = Directory.CreateDirectory(Path.Combine(folder, "disk")).FullName;
        var image = Path.Combine(folder, "image");
        using (var file = File.Create(image)) file.SetLength(512 << 20);
        Run("mkfs.ext4", "-q", "-m", "0", image);
        Run("mount", "-o", "loop", image, disk);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(disk, "id"), Cluster);
            Console.WriteLine("| kind | before | meanwhile | the holder says, at its begin and its end | taken " +
                "back | after SIGKILL of the holder | last trouble after it |");
            Console.WriteLine("|---|---|---|---|---|---|---|");
            await ReplicaRowsAsync(disk);
            await using (var writing = new WritingProcess(Cluster, disk))
                await RowAsync(disk, FaultKind.DiskSlow, writing, writing.Pid);
            await RowAsync(disk, FaultKind.CpuPressure, new BusyGauge());
            await RowAsync(disk, FaultKind.MemoryPressure, new MemoryGauge());
            await RowAsync(disk, FaultKind.DiskFull, new DiskGauge(disk, TimeSpan.MaxValue));
            await RowAsync(disk, FaultKind.DiskPressure, new DiskGauge(disk, TimeSpan.FromMilliseconds(10)));
        }
        finally
        {
            Run("umount", "--lazy", disk);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ReplicaRowsAsync(string disk)
    {
        foreach (var kind in (FaultKind[])[FaultKind.ReplicaPaused, FaultKind.ReplicaSlow, FaultKind.ReplicaHandles,
            FaultKind.ReplicaMemory, FaultKind.ClockOff])
        {
            await using var asked = new AskedProcess(Cluster);
            await asked.ReadyAsync();
            await RowAsync(disk, kind, asked, asked.Pid);
        }
        await using var killed = new AskedProcess(Cluster);
        await killed.ReadyAsync();
        using var holder = await HolderLine.OpenAsync(disk);
        var before = await killed.TakeAsync();
        var told = await holder.InjectAsync(Order(FaultKind.ReplicaKilled, killed.Pid) with { Lasts = TimeSpan.Zero });
        Console.WriteLine($"| replica-killed | {before} | {await killed.TakeAsync()} | {told} | strikes once | | |");
    }

    private static async Task RowAsync(string disk, FaultKind kind, Gauge gauge, int pid = 0)
    {
        var before = await gauge.TakeAsync();
        string begin, meanwhile, end, after;
        using (var holder = await HolderLine.OpenAsync(disk))
        {
            begin = await holder.InjectAsync(Order(kind, pid));
            meanwhile = await gauge.TakeAsync();
            end = await holder.RevertAsync();
            after = await gauge.TakeAsync();
        }
        using var killed = await HolderLine.OpenAsync(disk);
        await killed.InjectAsync(Order(kind, pid));
        await gauge.TakeAsync();
        var trouble = await gauge.LastTroubleAsync(killed.Kill());
        Console.WriteLine($"| {FaultForm.Of(kind).Word} | {before} | {meanwhile} | {begin}; {end} | {after} | " +
            $"{await gauge.TakeAsync()} | " + string.Create(CultureInfo.InvariantCulture,
            $"{trouble.TotalMilliseconds:0} ms |"));
    }

    private static FaultOrder Order(FaultKind kind, int pid) => new(0, false, kind, "", TimeSpan.FromMinutes(5),
        [new StruckReplica("web-1", "web", "a-1", pid, 0, 0)], []) { Offset = TimeSpan.FromHours(1), Rate = 20 };

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} failed: run it as root");
    }
}
