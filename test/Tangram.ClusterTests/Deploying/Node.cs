using System.Threading.Channels;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

/// <summary>A node with a runner in a state folder of its own. Disposing it ends every process that it
/// started.</summary>
internal sealed class Node : IAsyncDisposable
{
    public static readonly ReplicaName Order = ReplicaName.Of("order-1");

    private readonly Channel<ReplicaExit> _exits = Channel.CreateUnbounded<ReplicaExit>();
    private readonly Poller _poller = new();
    private readonly bool _owner;

    public Node(string? root = null, string clusterId = "")
    {
        _owner = root is null;
        Root = root ?? Directory.CreateTempSubdirectory("tangram-test-").FullName;
        ClusterId = clusterId.Length > 0 ? clusterId : Guid.NewGuid().ToString("N");
        Cgroups = Cgroups.Detect("test-" + ClusterId[..8]);
        Logs = new LogFiles(Path.Combine(Root, "logs"));
        Records = new RecordFolder(Path.Combine(Root, "replicas"));
        Guard = new SingletonGuard(Root, ClusterId, _poller);
        Runner = new ProcessRunner(ClusterId, Records, Logs, Cgroups, _poller, exit => _exits.Writer.TryWrite(exit),
            Guard);
    }

    public string Root { get; }
    public string ClusterId { get; }
    public Cgroups Cgroups { get; }
    public LogFiles Logs { get; }
    public RecordFolder Records { get; }
    public ProcessRunner Runner { get; }
    public SingletonGuard Guard { get; }
    public Poller Poller => _poller;

    /// <summary>A second Tangram over the same state.</summary>
    public Node Successor() => new(Root, ClusterId);

    public StartAnswer Start(IReadOnlyList<string> command, Resources? limits = null,
        IReadOnlyList<Variable>? environment = null, int starts = 1, bool singleton = false) =>
        Runner.Start(new ReplicaStart
        {
            Singleton = singleton,
            Replica = Order, Service = ServiceName.Of("order"), Revision = 3, Port = 20123, Starts = starts,
            Command = command, WorkingDirectory = Root, Environment = environment ?? [],
            Limits = limits ?? new Resources(),
        });

    public int Started(string script, Resources? limits = null) =>
        Assert.IsType<StartAnswer.Started>(Start(["/bin/sh", "-c", script], limits)).Pid;

    public async Task<ReplicaExit> NextExit() =>
        await _exits.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15), TimeProvider.System);

    public bool NoExit => _exits.Reader.Count == 0;

    public string File(string name) => Path.Combine(Root, name);

    public string Log => System.IO.File.ReadAllText(Logs.PathOf(Order));

    /// <summary>The pid that a script wrote into a file, once it has.</summary>
    public async Task<int> PidIn(string name)
    {
        var (path, pid) = (File(name), 0);
        await Eventually.True(Written, $"a pid in {name}");
        return pid;

        bool Written() => System.IO.File.Exists(path) && int.TryParse(System.IO.File.ReadAllText(path), out pid);
    }

    public static bool Lives(int pid) => ProcessStat.Read(pid) is { Ended: false };

    public async ValueTask DisposeAsync()
    {
        Runner.Dispose();
        Guard.Dispose();
        if (_owner)
        {
            var unreadable = new List<string>();
            foreach (var record in Records.Load(unreadable).Where(record => record.Runs))
                Stragglers.EndAll(record, ClusterId);
            Orphans.End(ClusterId, []);
            foreach (var record in Records.Load(unreadable))
            {
                ExitStatus.Reap(record.Pid);
                await Eventually.True(() => !Lives(record.Pid), $"the end of {record.Pid}");
                new ReplicaCgroup(record.Cgroups).Remove();
            }
            // What ended a moment ago may still be noted down.
            await Eventually.True(Removed, $"that {Root} is empty");
        }
        _poller.Dispose();
    }

    private bool Removed()
    {
        try
        {
            if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
