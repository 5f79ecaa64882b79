using Tangram.Cli;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Faults;

/// <summary>How to mend what a fault is about to do and the kernel would not mend by itself, should the fault's holder
/// be killed.</summary>
/// <param name="Fault">Its number.</param>
internal sealed record FaultMend(int Fault, MendKind Kind)
{
    /// <summary>The process that is meant, and when it was started; later ones of that number are
    /// strangers.</summary>
    public int Pid { get; init; }
    public long Life { get; init; }

    /// <summary>Of a limit: which one, and what it was.</summary>
    public int Resource { get; init; }
    public ulong Soft { get; init; }
    public ulong Hard { get; init; }

    /// <summary>Of clocks that are off.</summary>
    public long Mark { get; init; }

    /// <summary>The folder of a cgroup.</summary>
    public string Group { get; init; } = "";

    /// <summary>A virtual node.</summary>
    public string Node { get; init; } = "";

    public DaemonStart? Daemon { get; init; }

    private const int MostLooks = 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100),
        LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Does it, where it is not so already. Returns whether it did.</summary>
    public async Task<bool> DoAsync(FaultPlace place, TimeProvider time)
    {
        switch (Kind)
        {
            case MendKind.Continue: return Lives is { } lives && Native.Kill(lives.Group == Pid ? -Pid : Pid, 18) == 0;
            case MendKind.Limit: return Lives is not null && Native.SetLimit(Pid, Resource, Soft, Hard);
            case MendKind.Revive:
                using (var client = place.Client()) await LostNodes.ReviveAsync(client, Node).ConfigureAwait(false);
                return true;
            case MendKind.Daemon:
                if (ClusterFinder.Answers(place.Socket)) return false;
                await Daemon!.StartAsync(place, time).ConfigureAwait(false);
                return true;
            case MendKind.Part:
                if (MachineParts.Runs(Daemon!.Arguments)) return false;
                _ = Daemon.Start(place);
                return true;
            case MendKind.Clock:
                for (var pause = LookEvery; !await ClocksAsync(time).ConfigureAwait(false) && pause < LongestPause;
                    pause *= 2)
                    await Task.Delay(pause, time).ConfigureAwait(false);
                return true;
            case MendKind.Disk: return await SlowGroup.EndAsync(Group, time).ConfigureAwait(false);
            case MendKind.Rules:
                // The kernel may still be about to take the device away.
                for (var looks = 0; PacketRoutes.Sweep() && looks < MostLooks; looks++)
                    await Task.Delay(LookEvery, time).ConfigureAwait(false);
                return true;
            default: return false;
        }
    }

    /// <summary>False: some are off still. Each is let go on, for who stopped it may be gone.</summary>
    private async Task<bool> ClocksAsync(TimeProvider time)
    {
        var all = true;
        foreach (var pid in ProcessClock.Moved(Mark))
        {
            try { await ProcessClock.RestoreAsync(pid, Mark, time).ConfigureAwait(false); }
            catch (FaultMissedException) { all = false; }
            Native.Kill(pid, 18);
        }
        return all;
    }

    private ProcessStat? Lives =>
        ProcessStat.Read(Pid) is { Ended: false } now && now.StartTime == Life ? now : null;

    public static FaultMend Continues(int pid, long life) => new(0, MendKind.Continue) { Pid = pid, Life = life };
}

internal enum MendKind
{
    /// <summary>Nothing is to be mended for this fault any more.</summary>
    Over,
    Continue,
    Limit,
    Revive,
    Daemon,

    /// <summary>A role, or etcd, on one machine of several.</summary>
    Part,
    Clock,
    Disk,
    Rules,
}

/// <summary>The daemon as it had been started: to be started again in a session of its own, with its output in the
/// state folder.</summary>
internal sealed record DaemonStart(string Program, string[] Arguments, Variable[] Environment, string Folder)
{
    /// <summary>A start takes a second or two.</summary>
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);

    public static DaemonStart Of(string program, int pid) => new(
        program, File.ReadAllText($"/proc/{pid}/cmdline").Split('\0')[..^1],
        [
            .. ProcessStat.EnvironmentOf(pid).Select(entry => entry.Split('=', 2)).Where(pair => pair.Length == 2)
                .Select(pair => new Variable(pair[0], pair[1])),
        ], File.ResolveLinkTarget($"/proc/{pid}/cwd", false)!.FullName);

    /// <summary>Where its output goes. Null: to the daemon's log in the state folder.</summary>
    public string? Output { get; init; }

    public int Start(FaultPlace place)
    {
        using var input = Descriptors.Null();
        using var output = Descriptors.Append(Output ?? Path.Combine(place.Folder, "tangram.log"));
        var pid = Spawn.Start(Program, Arguments, Environment, Folder, input.Number(), output.Number());
        return pid >= 0 ? pid : throw new FaultMissedException($"{Program} cannot be started again (errno {-pid})");
    }

    /// <summary>Returns its pid, and how long it took until it answered.</summary>
    public async Task<(int Pid, TimeSpan Took)> StartAsync(FaultPlace place, TimeProvider time)
    {
        var begun = time.GetTimestamp();
        var pid = Start(place);
        while (!ClusterFinder.Answers(place.Socket))
        {
            if (time.GetElapsedTime(begun) > AnswersWithin)
                throw new FaultMissedException($"the daemon {pid} does not answer: see tangram.log in {place.Folder}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), time).ConfigureAwait(false);
        }
        return (pid, time.GetElapsedTime(begun));
    }
}
