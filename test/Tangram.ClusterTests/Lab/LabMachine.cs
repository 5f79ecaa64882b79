using System.Diagnostics;
using System.Net;
using Tangram.Deploying;

namespace Tangram.ClusterTests.Lab;

/// <summary>A computer of the lab: a network namespace with an address, a disk, and the processes inside. It shares the
/// kernel, the clock and the files of the host with the others; nothing else.</summary>
internal sealed class LabMachine
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    private readonly string _namespace, _port, _folder;
    private readonly LabWires _wires;
    private readonly LabDisk? _disk;
    private readonly NamespaceProcesses _inside;
    private readonly Lock _lock = new();
    private readonly List<LabProcess> _programs = [];

    /// <param name="diskBytes">Null: a folder of the host, which is fast and never full.</param>
    public LabMachine(LabName lab, LabWires wires, string name, string zone, (int Zone, int Number) place,
        long? diskBytes)
    {
        (Name, Zone, _wires) = (name, zone, wires);
        Address = new IPAddress([10, 77, (byte)place.Zone, (byte)place.Number]);
        _namespace = lab.Namespace(name);
        _port = wires.Connect(_namespace, place.Zone, place.Number);
        _inside = NamespaceProcesses.In(_namespace);
        _folder = Directory.CreateDirectory(Path.Combine(lab.Folder, name)).FullName;
        Disk = Directory.CreateDirectory(Path.Combine(_folder, "disk")).FullName;
        if (diskBytes is { } bytes) _disk = new LabDisk(Disk, bytes);
    }

    public string Name { get; }
    public string Zone { get; }
    public IPAddress Address { get; }
    public bool IsOn { get; private set; } = true;

    /// <summary>The folder for state. It survives a loss of power.</summary>
    public string Disk { get; }

    /// <summary>Of the switch.</summary>
    internal string Port => _port;

    /// <summary>Everything that runs on it, whoever started it.</summary>
    public IReadOnlyList<int> Pids => _inside.Pids();

    public IReadOnlyList<LabProcess> Programs
    {
        get { lock (_lock) return [.. _programs]; }
    }

    public Uri Url(int port, string path = "/") => new($"http://{Address}:{port}{path}");

    /// <summary>Starts a program in the machine's disk folder, in the environment of the test, changed as told: null
    /// takes a variable away. When this returns it is inside, so
    /// <see cref="PowerOff"/> finds it.</summary>
    public LabProcess Start(
        string name, IEnumerable<string> command, IReadOnlyDictionary<string, string?>? environment = null)
    {
        lock (_lock)
        {
            if (!IsOn) throw new InvalidOperationException($"{Name} is off");
            var files = Path.Combine(_folder, $"{name.Replace(' ', '-')}.{_programs.Count + 1}");
            var program = new LabProcess(name, files, Line(command, files, environment));
            _programs.Add(program);
            if (!SpinWait.SpinUntil(() => program.HasEnded || _inside.Contains(program.Pid), StartPatience))
                throw new InvalidOperationException($"not inside {Name}: {program.Tail()}");
            return program;
        }
    }

    /// <summary>Runs a program to its end.</summary>
    public async Task<(int Code, string Printed)> RunAsync(TimeSpan patience, params IEnumerable<string> command)
    {
        var all = command.ToList();
        var program = Start(Path.GetFileName(all[0]), all);
        return (await program.EndAsync(patience), program.Printed);
    }

    /// <summary>The link is cut first; then everything that runs stands still, and then it is killed: no connection
    /// says goodbye, and no process sees another one die. What was written to a file stays, synced or not.</summary>
    public void PowerOff()
    {
        lock (_lock)
        {
            IsOn = false;
            _wires.Unplug(_port);
            // Who waits for a slow disk cannot die.
            if (_disk?.Processes is not null) _disk.Throttle(0);
            _inside.KillAll();
        }
    }

    /// <summary>The link is back. Nothing runs: the test starts what an operating system would.</summary>
    public void PowerOn()
    {
        lock (_lock)
        {
            _wires.PlugIn(_port);
            IsOn = true;
        }
    }

    /// <summary>All processes stand still, as on a host that swaps or a virtual machine that is moved, except that the
    /// kernel goes on taking connections. Cut it off as well (<see cref="TheLab.Isolate"/>) where that
    /// matters.</summary>
    public void Pause() => _inside.StopAll();
    public void Resume() => _inside.ContinueAll();

    public void FillDisk() => OwnDisk().Fill();
    public void EmptyDisk() => OwnDisk().Empty();
    public void SlowDisk(int writesPerSecond) => OwnDisk().Throttle(writesPerSecond);
    public void FastDisk() => OwnDisk().Throttle(0);

    /// <summary>A caller that sits on this machine though it is a part of the test: its connections are made in the
    /// machine's network.</summary>
    public HttpClient Http(TimeSpan timeout) => LabSockets.Http(_namespace, timeout);
    public System.Net.Sockets.Socket Socket() => LabSockets.Open(_namespace);
    public System.Net.Sockets.Socket Datagrams() =>
        LabSockets.Open(_namespace, System.Net.Sockets.SocketType.Dgram);

    /// <summary>What every program of it printed last.</summary>
    public string Tail() => string.Join("\n\n", Programs.Select(program => $"{Name}: {program.Tail()}"));

    private LabDisk OwnDisk() => _disk ?? throw new InvalidOperationException(
        $"{Name} has no disk of its own: give AddMachine its size");

    /// <summary>A shell enters the disk's group and becomes the program, so its pid is the program's. SIGPIPE is put
    /// back because the runtime under the test ignores it, SIGINT because a shell may have, and the ignored is
    /// inherited.</summary>
    private ProcessStartInfo Line(
        IEnumerable<string> command, string files, IReadOnlyDictionary<string, string?>? environment)
    {
        const string script = """
            [ -z "$1" ] || echo $$ > "$1"
            net=$2 files=$3; shift 3
            exec > "$files.out" 2> "$files.err" < /dev/null
            exec setsid nsenter "--net=$net" env --default-signal=PIPE,INT "$@"
            """;
        var start = new ProcessStartInfo("/bin/sh",
            ["-c", script, "sh", _disk?.Processes ?? "", $"/run/netns/{_namespace}", files, .. command])
        {
            WorkingDirectory = Disk,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        return start;
    }
}
