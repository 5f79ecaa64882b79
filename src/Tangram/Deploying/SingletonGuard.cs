using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Ends the singletons of one node at their deadline, whatever has become of us by then: killed, stopped or
/// being replaced. Each has a guard of its own, a small shell outside its session and ours, which sleeps until the
/// deadline in a file that we move on. It ends with its singleton, so a later agent has nothing to take over but the
/// file.</summary>
/// <remarks>The deadline is in hundredths of a second of <c>/proc/uptime</c>, which both sides read. It stands in the
/// file twice and is written in place: a write needs no room on the disk, and one that is torn shows.</remarks>
internal sealed class SingletonGuard : IDisposable
{
    /// <summary>Set for singletons only. It names one start of one replica and ends with a slash, so that it is found
    /// by a plain search and is not part of another.</summary>
    public const string Mark = "TANGRAM_SINGLETON";

    private const string FilePrefix = "guard-";
    private const int Digits = 19;

    /// <summary>Arguments: the file, the pid, its start time, the mark. A process is the one meant when its start time
    /// is. When the leader has ended, what it left in its session has to go too. A short mark would find
    /// strangers.</summary>
    internal const string Script =
        """
        trap '' HUP INT TERM
        set -f
        file=$1 pid=$2 born=$3 mark=$4 deadline=0
        sleep 0.01 2>/dev/null && fine=1 || fine=
        look() {
            stat=
            while read -r line; do stat="$stat$line"; done 2>/dev/null <"/proc/$1/stat"
            stat=${stat##*) }
        }
        left() {
            set +f
            for folder in /proc/[0-9]*; do
                look "${folder#/proc/}"
                set -- $stat
                case ${1:-X} in Z|X) continue ;; esac
                [ "$4" = "$pid" ] && echo "${folder#/proc/}"
            done
            [ "${#mark}" -ge 32 ] || return
            for file in $(grep -ls -e "$mark" /proc/[0-9]*/environ 2>/dev/null); do
                file=${file#/proc/}
                echo "${file%/environ}"
            done
        }
        while :; do
            look "$pid"
            set -- $stat
            case ${1:-X} in
                Z|X) break ;;
                *) [ "${20}" = "$born" ] || exit 0 ;;
            esac
            read -r first second <"$file"
            case $first in
                ''|*[!0-9]*) ;;
                *) [ "$first" = "$second" ] && deadline=$first ;;
            esac
            read -r now idle </proc/uptime
            now=${now%.*}${now#*.}
            [ "$now" -ge "$deadline" ] && break
            rest=$((deadline - now)) part=$(((deadline - now) % 100))
            [ "$part" -lt 10 ] && part=0$part
            if [ -n "$fine" ]; then sleep "$((rest / 100)).$part"
            elif [ "$rest" -ge 100 ]; then sleep "$((rest / 100))"
            fi
        done
        kill -s KILL -- "-$pid" 2>/dev/null
        round=0
        while [ "$round" -lt 100 ]; do
            pids=$(left)
            [ -n "$pids" ] || exit 0
            kill -s KILL $pids 2>/dev/null
            round=$((round + 1))
            [ -n "$fine" ] && sleep 0.02
        done
        """;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly Poller _poller;
    private readonly string _clusterId;
    private readonly Dictionary<int, (SafeFileHandle Pidfd, long Token)> _guards = [];
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <param name="folder">The node's. A deadline of another boot is removed: it counts from another zero.</param>
    public SingletonGuard(string folder, string clusterId, Poller poller)
    {
        (_poller, _clusterId) = (poller, clusterId);
        _path = Path.Combine(folder, FilePrefix + ProcessStat.BootId);
        foreach (var old in Directory.EnumerateFiles(folder, FilePrefix + "*"))
            if (old != _path) File.Delete(old);
        _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (Deadline() is null) Write(0);
    }

    /// <summary>What is left until the deadline, as an earlier agent may have set it; not positive when it has
    /// passed.</summary>
    public TimeSpan Left => TimeSpan.FromMilliseconds(10 * ((Deadline() ?? 0) - Uptime()));

    public Variable MarkOf(ReplicaName replica, int starts) => new(Mark, $"{_clusterId}/{replica}/{starts}/");

    /// <summary>Moves the deadline. Throws <see cref="IOException"/> when it could not, and the old one
    /// holds.</summary>
    public void Allow(Instant until, MonotonicClock clock)
    {
        // In this order: what passes between the two makes the deadline earlier.
        var up = Uptime();
        Write(Math.Max(0, up + (until - clock.Now).Ticks / (TimeSpan.TicksPerMillisecond * 10)));
    }

    /// <summary>When it returns, the process has a guard. Throws <see cref="IOException"/> when none can be
    /// had.</summary>
    public void Watch(ReplicaRecord record)
    {
        IReadOnlyList<string> argv =
        [
            Gate.Shell, "-c", Script, "tangram-guard", _path, Text(record.Pid), Text(record.StartTime),
            MarkOf(record.Replica, record.Starts).Value,
        ];
        var pid = Find(argv) ?? Start(argv);
        var descriptor = Native.PidfdOpen(pid);
        if (descriptor < 0) throw new IOException($"the guard of {record.Replica} ended at once: {Native.Why}");
        var pidfd = new SafeFileHandle(descriptor, ownsHandle: true);
        lock (_gate) _guards[pid] = (pidfd, _poller.Add(descriptor, () => Ended(pid, record)));
    }

    /// <summary>The guards go on, and are reaped when they end.</summary>
    public void Dispose()
    {
        lock (_gate) _disposed = true;
        _file.Dispose();
    }

    private static int Start(IReadOnlyList<string> argv)
    {
        using var nothing = Descriptors.Null();
        var pid = Spawn.Start(Gate.Shell, argv, [new Variable("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")],
            "/", nothing.Number(), nothing.Number());
        return pid > 0 ? pid : throw new IOException($"{Gate.Shell} could not be run (errno {-pid})");
    }

    private static int? Find(IReadOnlyList<string> argv)
    {
        var wanted = string.Concat(argv.Select(word => word + '\0'));
        foreach (var stat in ProcessStat.All())
            if (!stat.Ended && CommandLine(stat.Pid) == wanted) return stat.Pid;
        return null;
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>A guard that someone killed gets a successor; when there can be none, its singleton must not go on
    /// without.</summary>
    private void Ended(int pid, ReplicaRecord record)
    {
        lock (_gate)
        {
            if (!_guards.Remove(pid, out var guard)) return;
            _poller.Remove(guard.Token);
            guard.Pidfd.Dispose();
            ExitStatus.Reap(pid);
            if (_disposed) return;
        }
        if (!record.Runs) return;
        try
        {
            Watch(record);
        }
        catch (IOException)
        {
            Native.Kill(-record.Pid, Native.SigKill);
        }
    }

    private static long Uptime()
    {
        var text = File.ReadAllText("/proc/uptime");
        return long.Parse(text[..text.IndexOf(' ')].Replace(".", "", StringComparison.Ordinal),
            CultureInfo.InvariantCulture);
    }

    private long? Deadline()
    {
        Span<byte> bytes = stackalloc byte[2 * Digits + 2];
        var words = Encoding.ASCII.GetString(bytes[..RandomAccess.Read(_file, bytes, 0)])
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 2 && words[0] == words[1] && long.TryParse(words[0], out var deadline) ? deadline : null;
    }

    private void Write(long deadline)
    {
        var number = Text(deadline).PadLeft(Digits);
        RandomAccess.Write(_file, Encoding.ASCII.GetBytes($"{number} {number}\n"), 0);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
