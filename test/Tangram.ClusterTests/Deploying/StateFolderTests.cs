using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class StateFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("tangram-test-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void One_daemon_at_a_time_holds_a_clusters_folder()
    {
        using (var first = StateFolder.Open(_root, "shop"))
        {
            Assert.True(StateFolder.IsHeld(_root, "shop"));
            var refused = Assert.Throws<IOException>(() => StateFolder.Open(_root, "shop"));
            Assert.Contains($"(pid {Environment.ProcessId})", refused.Message);
            using var other = StateFolder.Open(_root, "blog");
            Assert.NotEqual(first.ClusterId, other.ClusterId);
        }
        Assert.False(StateFolder.IsHeld(_root, "shop"));
        Assert.Equal(["blog", "shop"], StateFolder.Clusters(_root));
    }

    [Fact]
    public async Task A_child_does_not_inherit_the_lock()
    {
        await using var node = new Node();
        var state = StateFolder.Open(_root, "shop");
        node.Started("exec sleep 100");
        state.Dispose();
        Assert.False(StateFolder.IsHeld(_root, "shop"));
    }

    [Fact]
    public void The_identity_stays_and_only_the_owner_may_look()
    {
        string id;
        using (var first = StateFolder.Open(_root, "shop")) id = first.ClusterId;
        using var again = StateFolder.Open(_root, "shop");
        Assert.Equal(id, again.ClusterId);
        Assert.Equal(StateFolder.OwnerOnly, File.GetUnixFileMode(again.Path));
        Assert.Equal(Path.Combine(_root, "shop/nodes/a-1/replicas"), again.Records(NodeName.Of("a-1")));
        Assert.Equal(StateFolder.OwnerOnly, File.GetUnixFileMode(again.Records(NodeName.Of("a-1"))));
    }

    [Fact]
    public void State_of_a_newer_format_is_refused()
    {
        StateFolder.Open(_root, "shop").Dispose();
        File.WriteAllText(Path.Combine(_root, "shop/format"), "2");
        Assert.Contains("has format 2", Assert.Throws<IOException>(() => StateFolder.Open(_root, "shop")).Message);
        Assert.False(StateFolder.IsHeld(_root, "shop"));
    }

    [Fact]
    public void The_root_follows_the_environment_and_the_user()
    {
        Assert.Equal("/a", Root(("TANGRAM_STATE", "/a"), true));
        Assert.Equal("/var/lib/tangram", Root(("XDG_STATE_HOME", "/x"), true));
        Assert.Equal("/x/tangram", Root(("XDG_STATE_HOME", "/x"), false));
        Assert.Equal("/home/me/.local/state/tangram", Root(("HOME", "/home/me"), false));

        static string Root((string Name, string Value) set, bool root) =>
            StateFolder.Root(name => name == set.Name ? set.Value : null, root);
    }
}
