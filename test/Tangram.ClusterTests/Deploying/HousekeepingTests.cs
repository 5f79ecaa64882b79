using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class HousekeepingTests : IDisposable
{
    private static readonly ServiceName Order = ServiceName.Of("order");
    private readonly string _root = Directory.CreateTempSubdirectory("tangram-house-").FullName;
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow().AddHours(2));
    private readonly RevisionFiles _files;
    private readonly LogFiles _logs;
    private readonly string _old, _new;

    public HousekeepingTests()
    {
        _files = new RevisionFiles(Path.Combine(_root, "files"));
        _logs = new LogFiles(Path.Combine(_root, "logs"), new LogLimits(Ended: 0));
        Directory.CreateDirectory(Path.Combine(_root, "source"));
        _old = Add("version 1");
        _new = Add("version 2");
        foreach (var number in (int[])[1, 2, 3]) _logs.OpenForAppend(ReplicaName.Of(Order, number)).Dispose();
    }

    public void Dispose()
    {
        _files.Collect(new HashSet<string>(), DateTimeOffset.MaxValue);
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void What_no_revision_and_no_replica_needs_any_more_goes()
    {
        Clean(Naming(_new));
        Assert.Equal((false, true), (_files.Has(_old), _files.Has(_new)));
        Assert.Equal(["order-2.log", "order-3.log"], Logs);
    }

    [Fact]
    public void Nothing_goes_on_the_word_of_a_state_that_the_store_has_not_said()
    {
        Clean(ClusterState.Empty);
        Clean(Naming(_new) with { Recalled = true });
        Assert.True(_files.Has(_old));
        Assert.Equal(3, Logs.Count());
    }

    /// <summary>Order-2 is assigned to some node, order-3 still runs here.</summary>
    private void Clean(ClusterState state) => new Housekeeping(() => state, _files, _logs,
        () => [new ReplicaRecord
        {
            Replica = ReplicaName.Of(Order, 3), Service = Order, Revision = 1, Starts = 1, Pid = 1, BootId = "",
            StartTime = 1,
        }]).Clean(_time, Assert.Fail);

    private static ClusterState Naming(string hash)
    {
        var node = NodeName.Of("a-1");
        return ClusterState.Empty with
        {
            Revision = 9,
            Revisions = ClusterState.Empty.Revisions.Add(1, new Revision
            {
                Number = 1,
                Spec = new ClusterSpec
                {
                    Name = "test", Services = [new ServiceSpec { Name = Order, FilesHash = hash }],
                },
            }),
            Nodes = ClusterState.Empty.Nodes.Add(node, new NodeState
            {
                Name = node,
                Assigned = new Versioned<Assigned>(new Assigned
                {
                    Replicas = [new Assignment { Replica = ReplicaName.Of(Order, 2), Service = Order, Revision = 1 }],
                }, 1),
            }),
        };
    }

    private IEnumerable<string?> Logs =>
        Directory.EnumerateFiles(Path.Combine(_root, "logs")).Select(Path.GetFileName).Order();

    private string Add(string text)
    {
        File.WriteAllText(Path.Combine(_root, "source", "file"), text);
        return _files.Add(Path.Combine(_root, "source"));
    }
}
