using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class CgroupsTests
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public async Task A_replica_over_its_memory_limit_is_ended_and_told_so()
    {
        await using var node = new Node();
        var started = Assert.IsType<StartAnswer.Started>(
            node.Start(["/bin/sh", "-c", "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#x}"],
                new Resources { Memory = 24 * Mebibyte }));
        if (started.Warnings.Count > 0) Assert.Skip(started.Warnings[0]);
        var folders = Assert.Single(node.Runner.Running).Cgroups;
        var exit = await node.NextExit();
        Assert.NotEqual(0, exit.Exit);
        Assert.Contains("memory limit of 24 MiB", exit.Because);
        Assert.All(folders, folder => Assert.False(Directory.Exists(folder)));
    }

    [Fact]
    public async Task The_program_is_inside_before_it_runs_with_every_limit_set()
    {
        await using var node = new Node();
        var limits = new Resources { Memory = 64 * Mebibyte, Cpus = 0.5, Pids = 20 };
        var started = Assert.IsType<StartAnswer.Started>(node.Start(["cat", "/proc/self/cgroup"], limits));
        if (started.Warnings.Count > 0) Assert.Skip(started.Warnings[0]);
        Assert.Equal(0, (await node.NextExit()).Exit);
        Assert.Contains("/tangram/test-", node.Log);
        Assert.Contains("/order-1.1", node.Log);
    }

    [Fact]
    public async Task More_processes_than_allowed_cannot_be_started()
    {
        await using var node = new Node();
        const string script = "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 100 & done; exec sleep 100";
        var started = Assert.IsType<StartAnswer.Started>(
            node.Start(["/bin/sh", "-c", script], new Resources { Pids = 5 }));
        if (started.Warnings.Count > 0) Assert.Skip(started.Warnings[0]);
        await node.NextExit();
        Assert.Contains("fork", node.Log, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Without_a_writable_cgroup_it_warns_and_runs_anyway()
    {
        var (cgroup, warnings) = new Cgroups("shop", new Dictionary<string, string>(), [])
            .Create(ReplicaName.Of("order-1"), 1, new Resources { Memory = 256 * Mebibyte, Cpus = 0.5 });
        Assert.Empty(cgroup.Folders);
        Assert.Equal(
            ["the memory limit of 256 MiB of order-1 is not enforced: no cgroup controller for it is mounted",
                "the limit of 0.5 cpus of order-1 is not enforced: no cgroup controller for it is mounted"], warnings);
    }

    [Fact]
    public void With_version_2_one_folder_holds_every_limit_and_falls_back_to_the_parent()
    {
        var top = Directory.CreateTempSubdirectory("tangram-test-").FullName;
        try
        {
            // A stand-in for the mounted tree: real files where the kernel would show its own.
            foreach (var folder in (string[])["", "tangram", "tangram/shop"])
            {
                Directory.CreateDirectory(Path.Combine(top, folder));
                File.WriteAllText(Path.Combine(top, folder, "cgroup.subtree_control"), "memory cpu pids\n");
            }
            var (cgroup, warnings) = new Cgroups("shop", new Dictionary<string, string>(), ["/proc/none", top])
                .Create(ReplicaName.Of("order-1"), 2, new Resources { Memory = Mebibyte, Cpus = 0.25, Pids = 7 });
            Assert.Empty(warnings);
            var made = Assert.Single(cgroup.Folders);
            Assert.Equal(Path.Combine(top, "tangram/shop/order-1.2"), made);
            Assert.Equal("1048576", File.ReadAllText(Path.Combine(made, "memory.max")));
            Assert.Equal("25000 100000", File.ReadAllText(Path.Combine(made, "cpu.max")));
            Assert.Equal("7", File.ReadAllText(Path.Combine(made, "pids.max")));
        }
        finally
        {
            Directory.Delete(top, recursive: true);
        }
    }

    [Fact]
    public void Finds_its_own_groups_in_both_versions()
    {
        var folder = Directory.CreateTempSubdirectory("tangram-test-").FullName;
        try
        {
            var (mounts, own) = (Path.Combine(folder, "mountinfo"), Path.Combine(folder, "cgroup"));
            File.WriteAllText(mounts, """
                30 20 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw
                31 20 0:26 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
                """);
            File.WriteAllText(own, "4:cpu,cpuacct:/docker/abc/inner\n0::/user.slice/shell.scope\n");
            var found = CgroupMounts.Read(mounts, own);
            Assert.Equal("/sys/fs/cgroup/cpu/inner", found.Controllers["cpu"]);
            Assert.Equal(["/sys/fs/cgroup/user.slice/shell.scope", "/sys/fs/cgroup/user.slice"], found.Unified);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
