using System.Globalization;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Injecting;

/// <summary>What of the cluster runs on this machine is gone, all of it or one part, and held down: whoever starts it
/// again, it is killed again. At the end it is started as it was, in a session of its own.</summary>
internal sealed class LostMachine(FaultOrder order, FaultPlace place) : HeldFault
{
    private const int Stop = 19;

    /// <summary>Looking for etcd means looking at every process: not at each turn.</summary>
    private const int EtcdTurns = 10;

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(50), StartsWithin = TimeSpan.FromSeconds(20),
        SupervisorWithin = TimeSpan.FromSeconds(5);

    private sealed record Kept(MachinePart Part, DaemonStart Start);

    private readonly MachineParts _parts = new(place.Name, place.Folder, place.Stores!);
    private readonly CancellationTokenSource _over = new();
    private readonly List<Kept> _kept = [];
    private Task _holding = Task.CompletedTask;
    private CutPorts? _cut;
    private int _again;

    private bool Power => order.Kind is FaultKind.NodeLost or FaultKind.ZoneLost;

    public override async Task<string> InjectAsync(TimeProvider time)
    {
        var role = _parts.Role();
        var etcd = _parts.Etcd(role);
        foreach (var part in new[] { etcd, role }.OfType<MachinePart>().Where(Struck)) _kept.Add(KeepPart(part));
        var struck = Now();
        if (struck.Count == 0) throw new FaultMissedException("nothing of it runs on this machine");
        foreach (var kept in _kept) Keep(new FaultMend(0, MendKind.Part) { Daemon = kept.Start });
        var (begun, how) = (time.GetTimestamp(), "");
        if (Power)
        {
            // First of all: a kernel that still acknowledges is that of a machine with power.
            (_cut, var why) =
                await CutPorts.TryMakeAsync(struck.Select(p => p.Pid), time).ConfigureAwait(false);
            begun = time.GetTimestamp();
            // Nothing is to see the end of another, nor to say goodbye.
            foreach (var process in struck)
            {
                Keep(FaultMend.Continues(process.Pid, process.StartTime));
                Signal(process, Stop);
            }
            if (_cut is not null) await _cut.AddAsync(struck.Select(p => p.Pid), time).ConfigureAwait(false);
            how = _cut is null ? $"; not silent, for {why}: the others saw connections close" : ", without a word";
        }
        Kill(struck);
        await UntilAsync(() => Kill(Now()) == 0, "some of it outlived SIGKILL", time).ConfigureAwait(false);
        _holding = Task.Run(() => HoldAsync(time));
        var took = time.GetElapsedTime(begun);
        var names = string.Join(" and ", _kept.Select(kept => $"the {kept.Part.Role} {kept.Part.Process.Pid}"));
        return $"{(names.Length > 0 ? names : "nothing but replicas")} of {struck.Count} processes gone after " +
            $"{Words(took)}{how}";
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        await _over.CancelAsync().ConfigureAwait(false);
        // Whatever it met, what was killed is started again.
        await _holding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
        _cut?.Dispose();
        if (_kept.Count == 0) return "nothing was to be started again";
        var begun = time.GetTimestamp();
        var (said, failed) = (new List<string>(), new List<string>());
        foreach (var kept in _kept)
            try { said.Add(await BackAsync(kept, time).ConfigureAwait(false)); }
            catch (Exception e) when (e is FaultMissedException or IOException) { failed.Add(e.Message); }
        if (failed.Count > 0) throw new FaultMissedException(string.Join(", ", failed.Concat(said)));
        return $"{string.Join(", ", said)}, after {Words(time.GetElapsedTime(begun))}" +
            (_again > 0 ? $"; killed {_again} times more meanwhile, for somebody started it" : "");
    }

    private bool Struck(MachinePart part) => order.Kind switch
    {
        FaultKind.LeaderLost => part.Role == "server",
        FaultKind.GatewayLost => part.Role == "gateway",
        FaultKind.StoreLost => part.Role == MachinePart.Etcd,
        _ => true,
    };

    /// <summary>What there is of it at this moment.</summary>
    private List<ProcessStat> Now()
    {
        var role = _parts.Role();
        var etcd = _kept.Exists(kept => kept.Part.Role == MachinePart.Etcd) ? EtcdAgain(role) : null;
        var found = new[] { role, etcd }.OfType<MachinePart>().Where(Struck).Select(part => part.Process).ToList();
        if (Power) found.AddRange(_parts.Marked());
        return found;
    }

    /// <summary>When its server is gone, nobody but us knows which it was.</summary>
    private MachinePart? EtcdAgain(MachinePart? role)
    {
        if (role is { Role: "server" } || place.Stores!.Length > 0) return _parts.Etcd(role);
        var server = _kept.Find(kept => kept.Part.Role == "server");
        return _parts.Etcd(server?.Part);
    }

    private static int Kill(List<ProcessStat> processes)
    {
        foreach (var process in processes)
        {
            Signal(process, Native.SigKill);
            ExitStatus.Reap(process.Pid);
        }
        return processes.Count;
    }

    private static void Signal(ProcessStat process, int signal)
    {
        if (ProcessStat.Read(process.Pid) is { Ended: false } now && now.StartTime == process.StartTime)
            Native.Kill(process.Pid, signal);
    }

    private async Task HoldAsync(TimeProvider time)
    {
        try
        {
            using var timer = new PeriodicTimer(Again, time);
            for (var turn = 1; await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false); turn++)
                if (turn % EtcdTurns == 0 || _parts.Role() is { } role && Struck(role)) _again += Kill(Now());
        }
        catch (OperationCanceledException) { }
    }

    private Kept KeepPart(MachinePart part)
    {
        var pid = part.Process.Pid;
        if (UserOf(pid) != Native.EffectiveUser())
            throw new FaultMissedException($"the {part.Role} {pid} runs as another user than the injector, and could " +
                "not be started again as it was");
        var folder = new FileInfo($"/proc/{pid}/cwd").LinkTarget;
        if (!File.Exists(part.Program) || !Directory.Exists(folder))
            throw new FaultMissedException($"the {part.Role} {pid} could not be started again: its program " +
                $"{part.Program} or its folder {folder} is not here");
        var output = new FileInfo($"/proc/{pid}/fd/1").LinkTarget is { } target && File.Exists(target)
            && Native.IsRegularFile(target) ? target : Path.Combine(place.Folder, $"{part.Role}.log");
        return new Kept(part, DaemonStart.Of(part.Program, pid) with { Arguments = part.Arguments, Output = output });
    }

    private static uint? UserOf(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
            // Real, effective, saved, of the file system.
            return uint.Parse(line.Split('\t')[2], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return null; }
    }

    private async Task<string> BackAsync(Kept kept, TimeProvider time)
    {
        var role = kept.Part.Role;
        // Whoever restarts it by itself is not to find another one in its place.
        if (_again > 0 && await AppearsAsync(role, SupervisorWithin, time).ConfigureAwait(false) is { } theirs)
            return $"the {role} runs again as {theirs}";
        var pid = kept.Start.Start(place);
        return await AppearsAsync(role, StartsWithin, time).ConfigureAwait(false) is { } found
            ? $"the {role} runs again as {found}"
            : throw new FaultMissedException($"the {role} {pid} did not come up: see {kept.Start.Output}");
    }

    private async Task<int?> AppearsAsync(string role, TimeSpan within, TimeProvider time)
    {
        var begun = time.GetTimestamp();
        while (time.GetElapsedTime(begun) < within)
        {
            var found = role == MachinePart.Etcd ? EtcdAgain(_parts.Role()) : _parts.Role();
            if (found?.Role == role) return found.Process.Pid;
            await Task.Delay(TimeSpan.FromMilliseconds(10), time).ConfigureAwait(false);
        }
        return null;
    }
}
