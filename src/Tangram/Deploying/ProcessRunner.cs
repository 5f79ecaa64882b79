using Microsoft.Win32.SafeHandles;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Runs the replicas of one node as processes that outlive us. It decides nothing: what to start, restart and
/// stop is the supervisor's business. Thread-safe.</summary>
/// <param name="clusterId">Marks every process, so that orphans can be found.</param>
/// <param name="poller">Shared by all nodes of this process; must outlive the runner.</param>
/// <param name="exited">Called on the poller's thread, once for each start that ended while we ran, after everything
/// the replica left behind has ended too. It must not block; it may come before <see cref="Start"/> has
/// returned.</param>
/// <param name="guard">Null where nothing is started and what is adopted is ended at once.</param>
internal sealed class ProcessRunner(
    string clusterId, RecordFolder records, LogFiles logs, Cgroups cgroups, Poller poller, Action<ReplicaExit> exited,
    SingletonGuard? guard = null)
    : IDisposable
{
    private sealed record Watched(ReplicaRecord Record, SafeFileHandle Pidfd, bool Child, ReplicaCgroup Cgroup)
    {
        public long Token { get; set; }
    }

    private readonly Dictionary<ReplicaName, Watched> _running = [];
    private readonly Lock _gate = new();

    public IReadOnlyList<ReplicaRecord> Running
    {
        get { lock (_gate) return [.. _running.Values.Select(watched => watched.Record)]; }
    }

    /// <summary>Starts a process. When it returns, the program may run and its record is on disk. Takes a few
    /// milliseconds, most of them for the disk.</summary>
    public StartAnswer Start(ReplicaStart start)
    {
        lock (_gate)
            if (_running.TryGetValue(start.Replica, out var already))
                return new StartAnswer.Failed($"{start.Replica} already runs with pid {already.Record.Pid}");
        if (start.Command.Count == 0) return new StartAnswer.Failed($"{start.Replica} has no command to run");
        if (!Directory.Exists(start.WorkingDirectory))
            return new StartAnswer.Failed(
                $"the working directory {start.WorkingDirectory} of {start.Replica} does not exist");

        var (cgroup, warnings) = cgroups.Create(start.Replica, start.Starts, start.Limits);
        try
        {
            var (pid, more) = Launch(start, cgroup);
            return new StartAnswer.Started(pid, [.. warnings, .. more]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cgroup.Remove();
            return new StartAnswer.Failed($"{start.Replica} could not be started: {e.Message}");
        }
    }

    /// <summary>To the replica's whole process group. False when it does not run.</summary>
    public bool Signal(ReplicaName replica, int signal)
    {
        lock (_gate) return _running.TryGetValue(replica, out var watched) && Send(watched, signal);
    }

    /// <summary>SIGKILL to the group; what is left of the session follows when the leader's end is seen.</summary>
    public bool Kill(ReplicaName replica) => Signal(replica, Native.SigKill);

    /// <summary>The supervisor needs this replica no more: its record goes. Nothing happens while it runs.</summary>
    public void Forget(ReplicaName replica)
    {
        lock (_gate)
            if (!_running.ContainsKey(replica)) records.Remove(replica);
    }

    /// <summary>Takes over what an earlier run of ours left. Call it once, before anything starts.</summary>
    public Adopted Adopt()
    {
        var (unreadable, running, gone) = (new List<string>(), new List<ReplicaRecord>(), new List<ReplicaRecord>());
        foreach (var record in records.Load(unreadable))
        {
            if (TryWatch(record))
            {
                running.Add(record);
                if (record.Singleton) GuardAgain(record);
                continue;
            }
            if (record.BootId == ProcessStat.BootId) Stragglers.EndAll(record, clusterId);
            new ReplicaCgroup(record.Cgroups).Remove();
            // Kept, because a task that has done its work must not do it again after the next restart either.
            if (!record.Ended) Remember(record with { Ended = true });
            gone.Add(record);
        }
        return new Adopted(running, gone, unreadable);
    }

    /// <summary>Stops watching. The replicas go on running.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var watched in _running.Values) Release(watched);
            _running.Clear();
        }
    }

    private void GuardAgain(ReplicaRecord record)
    {
        try
        {
            guard?.Watch(record);
        }
        catch (IOException)
        {
            Kill(record.Replica);
        }
    }

    private (int Pid, IReadOnlyList<string> Warnings) Launch(ReplicaStart start, ReplicaCgroup cgroup)
    {
        var (input, go) = Descriptors.Pipe();
        using var ends = input;
        // Closing this end unopened, whichever way, is what keeps the program from running.
        using var opener = go;
        using var log = logs.OpenForAppend(start.Replica);
        var guardian = start.Singleton ? guard ?? throw new IOException("there is no guard for a singleton") : null;
        IEnumerable<Variable> mark = guardian is null ? [] : [guardian.MarkOf(start.Replica, start.Starts)];
        var environment = ReplicaEnvironment.Of([.. start.Environment, .. mark],
            new Variable(ReplicaEnvironment.ClusterMark, clusterId),
            new Variable(ReplicaEnvironment.ReplicaMark, start.Replica.Value));
        var (argv, passed) = Gate.Before(start.Replica.Value, start.Command, environment);
        var pid = Spawn.Start(Gate.Shell, argv, passed, start.WorkingDirectory, input.Number(), log.Number());
        if (pid < 0) throw new IOException($"{Gate.Shell} could not be run in {start.WorkingDirectory} (errno {-pid})");
        input.Dispose();
        IReadOnlyList<string> warnings;
        try
        {
            cgroup.Enter(pid);
            warnings = ProcessLimits.Apply(pid, start);
            var record = new ReplicaRecord
            {
                Replica = start.Replica, Service = start.Service, Revision = start.Revision, Port = start.Port,
                Starts = start.Starts, Pid = pid, BootId = ProcessStat.BootId, Cgroups = cgroup.Folders,
                Singleton = start.Singleton,
                StartTime = ProcessStat.Read(pid)?.StartTime
                            ?? throw new IOException("its process cannot be seen in /proc"),
            };
            records.Save(record);
            // Before the gate opens, so that there is no moment, however long we are stopped in it, without a guard.
            guardian?.Watch(record);
            if (!TryWatch(record, cgroup)) throw new IOException($"its process cannot be watched: {Native.Why}");
        }
        catch
        {
            Abandon(pid);
            throw;
        }
        Open(opener);
        return (pid, warnings);
    }

    private static unsafe void Open(SafeFileHandle opener)
    {
        ReadOnlySpan<byte> go = "go\n"u8;
        // When the shell is already gone, the watcher says so.
        fixed (byte* bytes = go) Native.Write(opener.Number(), bytes, go.Length);
    }

    private static unsafe void Abandon(int pid)
    {
        int status;
        Native.Kill(pid, Native.SigKill);
        Native.WaitPid(pid, &status, 0);
    }

    private bool TryWatch(ReplicaRecord record, ReplicaCgroup? cgroup = null)
    {
        var descriptor = Native.PidfdOpen(record.Pid);
        if (descriptor < 0) return false;
        var pidfd = new SafeFileHandle(descriptor, ownsHandle: true);
        // Only after the pidfd is open does the look at the start time hold for good. A child of ours that has ended
        // counts as running: it is not reaped, and its end will be seen at once.
        var stat = ProcessStat.Read(record.Pid);
        var child = stat?.Parent == Environment.ProcessId;
        var same = stat is { } s && s.StartTime == record.StartTime && (child || !s.Ended);
        if (!same || record.Ended || record.BootId != ProcessStat.BootId)
        {
            pidfd.Dispose();
            return false;
        }
        var watched = new Watched(record, pidfd, child, cgroup ?? new ReplicaCgroup(record.Cgroups));
        lock (_gate)
        {
            _running[record.Replica] = watched;
            watched.Token = poller.Add(descriptor, () => Ended(watched));
        }
        return true;
    }

    private void Ended(Watched watched)
    {
        lock (_gate)
            if (!_running.TryGetValue(watched.Record.Replica, out var now) || now != watched) return;
        // Before a child is reaped its number cannot be given away, so whoever has its session belongs to it.
        var outOfMemory = watched.Cgroup.OutOfMemory(watched.Record.Replica);
        Stragglers.EndAll(watched.Record, clusterId);
        ReplicaExit exit;
        lock (_gate)
        {
            var status = watched.Child ? ExitStatus.Reap(watched.Record.Pid) : null;
            status ??= ExitStatus.Ask(watched.Record.Pid, watched.Pidfd.Number());
            exit = ReplicaExit.Of(watched.Record, status, outOfMemory);
            _running.Remove(watched.Record.Replica);
            Release(watched);
        }
        watched.Cgroup.Remove();
        Remember(watched.Record with { Ended = true, Exit = exit.Exit });
        exited(exit);
    }

    private void Remember(ReplicaRecord record)
    {
        try
        {
            records.Save(record, durable: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The old record stays. It names a process that is gone, and the next adoption finds that out by itself.
        }
    }

    private void Release(Watched watched)
    {
        poller.Remove(watched.Token);
        watched.Pidfd.Dispose();
    }

    private static bool Send(Watched watched, int signal)
    {
        if (Native.PidfdSendSignal(watched.Pidfd.Number(), signal, group: true) == 0) return true;
        if (Native.Errno == Native.NoSuchProcess) return false;
        // Before Linux 6.9. A child cannot have lost its number yet, since we alone reap it; of others make sure.
        return (watched.Child || watched.Record.Runs) && Native.Kill(-watched.Record.Pid, signal) == 0;
    }
}
