namespace Tangram.Observing.Doctoring;

/// <summary>What it takes to run and keep processes.</summary>
internal static class ProcessChecks
{
    /// <summary>Each client of the gateway has two connections, its own and one to a replica; and each replica has a
    /// log, a pipe and a pidfd. 16,384 is 8,000 clients.</summary>
    private const long EnoughFiles = 16_384, LeastFiles = 1_024, GoodFiles = 65_536;

    /// <summary>Tasks of one replica: a runtime with a garbage collector and a thread pool starts with about
    /// 20.</summary>
    private const long TasksPerReplica = 32;

    /// <summary>Our own, with those of the commands that are typed meanwhile.</summary>
    private const long OwnTasks = 200, FewTasks = 1_000;

    public static IEnumerable<Finding> Kernel(KernelFacts kernel)
    {
        if (!kernel.Pidfd || !kernel.Sessions)
            yield return new Finding("kernel", Gravity.Error,
                $"Linux {kernel.Release} {(kernel.Pidfd ? "starts no sessions" : "has no pidfd_open")} here",
                "replicas are told apart from later processes of the same number by a pidfd, and outlive Tangram in a "
                + "session of their own", new Remedy("run Linux 5.6 or later, or let the container's seccomp profile " +
                "allow pidfd_open and setsid", true));
        else if (!kernel.PidfdGet)
            yield return new Finding("kernel", Gravity.Warn, $"Linux {kernel.Release} has no pidfd_getfd here",
                "a restarted gateway cannot take over its listening sockets, and connections that come meanwhile are "
                + "refused", new Remedy("run Linux 5.6 or later, or let the container's seccomp profile allow " +
                "pidfd_getfd", true));
        else yield return Finding.Good("kernel", $"Linux {kernel.Release} has all that Tangram uses");
        if (kernel.PtraceScope == 3)
            yield return new Finding("ptrace", Gravity.Warn, "kernel.yama.ptrace_scope is 3",
                "a restarted gateway may not take over its listening sockets, and refuses connections meanwhile",
                new Remedy(
                    "set kernel.yama.ptrace_scope=1 in /etc/sysctl.d and boot: 3 cannot be undone before", true));
    }

    public static IEnumerable<Finding> Limits(LimitFacts limits, bool root, FileDemand? demand)
    {
        yield return Files(limits.OpenFiles);
        var (room, of) = Room(limits, root);
        var wanted = OwnTasks + TasksPerReplica * (demand?.Replicas ?? 0);
        if (room < OwnTasks || (demand is not null && room < wanted))
            yield return new Finding("processes", room < OwnTasks ? Gravity.Error : Gravity.Warn,
                $"{Doctor.Count(room)} more processes and threads may run ({of})",
                demand is null ? "Tangram itself needs some 200"
                    : $"the file's {Doctor.Count(demand.Replicas)} replicas need some {Doctor.Count(wanted)}, at " +
                      $"{TasksPerReplica} each", Raise(of));
        else if (room < FewTasks)
            yield return new Finding("processes", Gravity.Warn,
                $"{Doctor.Count(room)} more processes and threads may run ({of})",
                "that is some 25 replicas of a program with a thread pool", Raise(of));
        else yield return Finding.Good("processes", $"{Doctor.Count(room)} more processes and threads may run");
    }

    private static Finding Files(long allowed)
    {
        if (allowed >= EnoughFiles)
            return Finding.Good("open-files", $"{Doctor.Count(allowed)} files and connections may be open");
        return new Finding("open-files", allowed < LeastFiles ? Gravity.Error : Gravity.Warn,
            $"only {Doctor.Count(allowed)} files and connections may be open",
            $"each client of the gateway takes two, so that some {Doctor.Count(Math.Max(0, allowed / 2 - 100))} " +
            "clients fill it, and then nothing can be started or read",
            new Remedy($"prlimit --pid $$ --nofile={GoodFiles}:{GoodFiles}   # or LimitNOFILE={GoodFiles} in the " +
                "systemd unit", true));
    }

    private static (long Room, string Of) Room(LimitFacts limits, bool root)
    {
        var room = (Room: limits.PidMax, Of: "kernel.pid_max");
        if (!root && limits.Processes < room.Room) room = (limits.Processes, "ulimit -u");
        if (limits.Pids is { } pids && pids.Most - pids.Used < room.Room)
            room = (Math.Max(0, pids.Most - pids.Used), "pids.max of the cgroup");
        return room;
    }

    private static Remedy Raise(string of) => of switch
    {
        "kernel.pid_max" => Remedy.Set("kernel.pid_max", "4194304"),
        "ulimit -u" => new Remedy("prlimit --pid $$ --nproc=65536:65536", true),
        _ => new Remedy("set TasksMax=infinity in the systemd unit, or --pids-limit=-1 of the container", true),
    };
}
