using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Keeps the gateway's listening sockets open while no gateway runs, so that a restart refuses no connection:
/// they wait in the kernel's queue. The keeper is a shell that does nothing but hold copies of the descriptors; a
/// gateway that starts finds it by the mark in its environment and takes them over. It ends by itself
/// <see cref="Patience"/> after the gateway's process. Not thread-safe.</summary>
/// <param name="clusterId">The mark.</param>
/// <param name="cluster">For people who ask who holds a port.</param>
/// <param name="say">Takes a sentence about what is not as it should be.</param>
internal sealed class SocketKeeper(string clusterId, string cluster, Action<string> say)
{
    /// <summary>Holds the cluster's id. Not the mark of replicas: a keeper is neither adopted nor an orphan.</summary>
    public const string Mark = "TANGRAM_KEEPER";

    /// <summary>Holds the cluster's name.</summary>
    public const string NameMark = "TANGRAM_KEEPER_OF";

    /// <summary>A restart takes a second or two. Beyond this nobody is coming, and clients are better refused, and try
    /// another gateway's address, than left waiting.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    /// <summary>After so many that could not be started or did not stay, there is none.</summary>
    private const int MostTries = 3;

    private const string Yama = "/proc/sys/kernel/yama/ptrace_scope";

    // It blocks until we close the other end of its input, which the kernel does for us however we end.
    private static readonly string Script = $"read -r never; exec sleep {Patience.TotalSeconds:0}";

    private sealed record Kept(ProcessStat Process, SafeFileHandle Lifeline, IReadOnlySet<Socket> Sockets);

    private readonly List<ProcessStat> _former = [];
    private Kept? _kept;
    private int _failures;

    /// <summary>The listening sockets that an earlier gateway of this cluster left, one for each address. The former
    /// keeper holds them too until <see cref="Keep"/>. Where the kernel refuses them, that is said, and the former
    /// keeper is ended, so that the ports can be had anew.</summary>
    public IReadOnlyList<Socket> TakeOver()
    {
        var taken = new Dictionary<EndPoint, Socket>();
        foreach (var keeper in Find(clusterId))
        {
            if (TryTake(keeper, taken) is not { } why)
            {
                _former.Add(keeper);
                continue;
            }
            Stragglers.Kill([keeper]);
            say($"the listening sockets of the gateway before cannot be taken over ({why}): they are opened anew, " +
                "and connections that came meanwhile are lost");
        }
        return [.. taken.Values];
    }

    /// <summary>Holds exactly these from now on. The new keeper runs before the old one ends.</summary>
    public void Keep(IReadOnlySet<Socket> sockets)
    {
        var same = _kept?.Sockets.SetEquals(sockets) == true;
        if (same && Runs(_kept!.Process)) return;
        if (same) Fail("it ended by itself");
        var next = sockets.Count == 0 || _failures >= MostTries ? null : Start(sockets);
        End();
        _kept = next;
    }

    /// <summary>Whoever still holds one of the sockets goes on; nobody else does.</summary>
    public void End()
    {
        Stragglers.Kill(_former);
        _former.Clear();
        if (_kept is null) return;
        Stragglers.Kill([_kept.Process]);
        Reap(_kept.Process.Pid);
        _kept.Lifeline.Dispose();
        _kept = null;
    }

    /// <summary>Done when our keeper has ended, or after this time. Who ends it is the gateway after us, when it has a
    /// keeper of its own and answers.</summary>
    public async Task EndedAsync(TimeSpan within, TimeProvider time)
    {
        var begun = time.GetTimestamp();
        while (_kept is not null && Runs(_kept.Process) && time.GetElapsedTime(begun) < within)
            await Task.Delay(Look, time).ConfigureAwait(false);
    }

    /// <summary>Ends what an earlier gateway of this cluster left.</summary>
    public static void End(string clusterId) => Stragglers.Kill(Find(clusterId));

    /// <summary>The name of the cluster whose keeper this process is; null when it is none.</summary>
    public static string? ClusterOf(int pid) => ProcessStat.EnvironmentOf(pid)
        .FirstOrDefault(entry => entry.StartsWith(NameMark + "=", StringComparison.Ordinal))?[(NameMark.Length + 1)..];

    private static List<ProcessStat> Find(string clusterId) => [.. ProcessStat.All()
        .Where(stat => !stat.Ended && ProcessStat.EnvironmentOf(stat.Pid).Contains($"{Mark}={clusterId}"))];

    private static bool Runs(ProcessStat process) =>
        ProcessStat.Read(process.Pid) is { Ended: false } now && now.StartTime == process.StartTime;

    /// <summary>Null when it went well, else why not.</summary>
    private static string? TryTake(ProcessStat keeper, Dictionary<EndPoint, Socket> taken)
    {
        var opened = Native.PidfdOpen(keeper.Pid);
        if (opened < 0) return null;
        using var pidfd = new SafeFileHandle(opened, ownsHandle: true);
        foreach (var number in Sockets(keeper.Pid))
        {
            var descriptor = Native.PidfdGetDescriptor(pidfd.Number(), number);
            if (descriptor < 0) return Native.Why;
            var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
            if (socket.LocalEndPoint is not { } at || !taken.TryAdd(at, socket)) socket.Dispose();
        }
        return null;
    }

    /// <summary>The numbers of its descriptors that are sockets; empty when it has just ended.</summary>
    private static List<int> Sockets(int pid)
    {
        try
        {
            return [.. from path in Directory.GetFiles($"/proc/{pid}/fd")
                       where File.ResolveLinkTarget(path, false) is { } target
                             && target.Name.StartsWith("socket:", StringComparison.Ordinal)
                       select int.Parse(Path.GetFileName(path), System.Globalization.CultureInfo.InvariantCulture)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private Kept? Start(IReadOnlySet<Socket> sockets)
    {
        try
        {
            return Started(sockets);
        }
        catch (IOException e)
        {
            Fail(e.Message);
            return null;
        }
    }

    private void Fail(string why)
    {
        if (++_failures == MostTries)
            say($"there is no keeper of the listening sockets ({why}): a restart will refuse connections for a moment");
    }

    private Kept Started(IReadOnlySet<Socket> sockets)
    {
        var (input, lifeline) = Descriptors.Pipe();
        using var ends = input;
        using var nowhere = Descriptors.Null();
        var environment = ReplicaEnvironment.Of([], new Variable(Mark, clusterId), new Variable(NameMark, cluster));
        IReadOnlyList<string> argv = [Gate.Shell, "-c", Script, $"tangram keeper of {cluster}"];
        if (NeedsNamespace && Unshare is { } unshare) argv = [unshare, "--user", .. argv];
        var pid = Spawn.Start(argv[0], argv, environment, "/", input.Number(), nowhere.Number(),
            [.. sockets.Select(socket => (int)socket.Handle)]);
        if (pid > 0 && ProcessStat.Read(pid) is { } stat) return new Kept(stat, lifeline, sockets);
        lifeline.Dispose();
        throw new IOException($"{argv[0]} could not be run, errno {-pid}");
    }

    /// <summary>Where Yama restricts ptrace, descriptors may be taken only from descendants, which the keeper of an
    /// earlier process is not, or with a capability. Whoever makes a user namespace has every capability over what runs
    /// in it (user_namespaces(7)), so the keeper runs in one.</summary>
    private static bool NeedsNamespace =>
        Native.EffectiveUser() != 0 && File.Exists(Yama) && File.ReadAllText(Yama).Trim() != "0";

    private static string? Unshare => new[] { "/usr/bin/unshare", "/bin/unshare" }.FirstOrDefault(File.Exists);

    private static unsafe void Reap(int pid)
    {
        int status;
        Native.WaitPid(pid, &status, 0);
    }
}
