using Tangram.Model;
using Tangram.Observing;
using Tangram.Observing.Doctoring;

namespace Tangram.Tests.Observing.Doctoring;

public sealed class DoctorTests
{
    private static readonly MachineFacts Fit = new()
    {
        Root = false, Cores = 8,
        Kernel = new KernelFacts("6.12.0", Pidfd: true, PidfdGet: true, Sessions: true, PtraceScope: 1),
        Limits = new LimitFacts(1_048_576, 96_000, null, 4_194_304),
        Clock = new ClockFacts(true, TimeSpan.FromMilliseconds(20), "tsc", Monotonic: true),
        Ports = new PortFacts(32_768, 60_999, "", 1024, [new("the gateway", "127.0.0.1", 8080, null)]),
        Disk = new DiskFacts("/srv", "ext4", null, 50L << 30, 100L << 30, 5_000_000, 6_000_000,
            (TimeSpan.FromMilliseconds(0.4), TimeSpan.FromMilliseconds(3))),
        Memory = new MemoryFacts(16L << 30, 12L << 30, null),
        Cgroups = new CgroupFacts(2, [("cpu", null), ("memory", null), ("pids", null)]),
        Tcp = new TcpFacts("bbr", ["reno", "bbr"], "fq", 4096, 2048, 1, 0, null, Ipv6Loopback: true),
    };

    private static readonly FileDemand Shop = new("shop", 12, new Resources { Cpus = 4, Memory = 4L << 30 },
        new Resources(), ["cpu", "memory"]);

    private static Finding[] Found(MachineFacts facts, FileDemand? demand = null) =>
        [.. Doctor.Examine(facts, demand).Where(f => f.Gravity != Gravity.Ok)];

    private static void Finds(MachineFacts facts, Gravity gravity, string check, string what, string? line,
        FileDemand? demand = null)
    {
        var finding = Assert.Single(Found(facts, demand));
        Assert.Equal((gravity, check), (finding.Gravity, finding.Check));
        Assert.Contains(what, finding.What);
        Assert.NotEqual("", finding.Why);
        Assert.Contains(line ?? "", finding.Remedy?.Line ?? "");
        Assert.Equal(gravity == Gravity.Error, Doctor.Fails([finding]));
    }

    [Fact]
    public void A_fit_machine_has_nothing_but_good_findings()
    {
        Assert.Empty(Found(Fit));
        Assert.Empty(Found(Fit, Shop));
        Assert.All(Doctor.Examine(Fit, Shop), f => Assert.True(f is { What.Length: > 0, Why: "", Remedy: null }));
    }

    [Fact]
    public void What_could_not_be_read_is_said()
    {
        var found = Found(new MachineFacts { Root = true, Cores = 1 });
        Assert.Equal(["kernel", "limits", "clock", "ports", "disk", "memory", "cgroups", "tcp"],
            found.Select(f => f.Check));
        Assert.All(found, f => Assert.Equal(Gravity.Note, f.Gravity));
    }

    [Theory]
    [InlineData(false, true, true, 0, Gravity.Error, "kernel", "has no pidfd_open")]
    [InlineData(true, true, false, 0, Gravity.Error, "kernel", "starts no sessions")]
    [InlineData(true, false, true, 0, Gravity.Warn, "kernel", "has no pidfd_getfd")]
    [InlineData(true, true, true, 3, Gravity.Warn, "ptrace", "ptrace_scope is 3")]
    public void A_kernel_that_lacks_something(
        bool pidfd, bool get, bool sessions, int scope, Gravity gravity, string check, string what) =>
        Finds(Fit with { Kernel = new KernelFacts("5.1", pidfd, get, sessions, scope) }, gravity, check, what, "");

    [Fact]
    public void Too_few_open_files()
    {
        Finds(Fit with { Limits = Fit.Limits! with { OpenFiles = 4096 } }, Gravity.Warn, "open-files", "only 4,096",
            "--nofile=65536");
        Finds(Fit with { Limits = Fit.Limits! with { OpenFiles = 512 } }, Gravity.Error, "open-files", "only 512",
            "LimitNOFILE");
    }

    [Fact]
    public void Too_few_processes_by_whichever_limit_is_nearest()
    {
        var limits = Fit.Limits!;
        Finds(Fit with { Limits = limits with { Processes = 150 } }, Gravity.Error, "processes",
            "150 more processes and threads may run (ulimit -u)", "--nproc");
        Finds(Fit with { Limits = limits with { Pids = (1_000, 500) } }, Gravity.Warn, "processes",
            "500 more processes and threads may run (pids.max of the cgroup)", "TasksMax");
        Finds(Fit with { Limits = limits with { PidMax = 900 } }, Gravity.Warn, "processes", "900 more",
            "sysctl -w kernel.pid_max=4194304");
        Finds(Fit with { Limits = limits with { Processes = 2_000 } }, Gravity.Warn, "processes", "2,000 more",
            "", Shop with { Replicas = 100 });
        Assert.Empty(Found(Fit with { Root = true, Limits = limits with { Processes = 150 } }));
    }

    [Fact]
    public void A_clock_that_is_wrong()
    {
        var clock = Fit.Clock!;
        Finds(Fit with { Clock = clock with { Synchronised = false } }, Gravity.Warn, "clock", "nothing keeps",
            "timedatectl set-ntp true");
        Finds(Fit with { Clock = clock with { MaxError = TimeSpan.FromSeconds(4) } }, Gravity.Warn, "clock",
            "off by 4 s", "timedatectl");
        Finds(Fit with { Clock = clock with { Monotonic = false } }, Gravity.Error, "monotonic", "went back", "");
        Finds(Fit with { Clock = clock with { Source = "acpi_pm" } }, Gravity.Note, "monotonic", "acpi_pm", "tsc");
    }

    [Theory]
    [InlineData(true, true, false, "libmsquic is there: a gateway here can serve HTTP/3")]
    [InlineData(false, false, false, "libmsquic is not there: a gateway here serves no HTTP/3")]
    [InlineData(false, true, true, "libmsquic is not there, and the file asks for HTTP/3")]
    public void Whether_libmsquic_is_there_is_told_and_wrong_only_when_it_is_asked_for(
        bool quic, bool asked, bool wrong, string what)
    {
        var demand = Shop with { Http3 = asked };
        Assert.Equal(wrong, Found(Fit with { Quic = quic }, demand).Any(f => f.Check == "http3"));
        var all = Doctor.Examine(Fit with { Quic = quic }, demand);
        Assert.Contains(what, Assert.Single(all, f => f.Check == "http3").What);
    }

    [Fact]
    public void Certificates_by_acme_as_far_as_the_cluster_knows()
    {
        var now = new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
        AcmeView View(string domain, int days, int failures = 0) =>
            new(domain, now.AddDays(days - 90), now.AddDays(days), failures, failures == 0 ? "" : "no answer");
        MachineFacts With(params AcmeView[] told) => Fit with { Acme = [new("shop", ["a.test"], [.. told], now)] };

        Assert.Empty(Found(With(View("a.test", 60), View("b.test", 50))));
        Assert.Contains(Doctor.Examine(With(View("a.test", 60), View("b.test", 50)), null), f => f is
        {
            Check: "acme", What: "2 certificates in order; the first to end is b.test's, on 2026-06-20 00:00 UTC",
        });
        Finds(With(View("a.test", 5)), Gravity.Warn, "acme", "a.test: it ends on 2026-05-06 00:00 UTC, in 5 days",
            "tangram why a.test");
        Finds(With(View("a.test", -1)), Gravity.Warn, "acme", "a.test: it ended on", "tangram why");
        Finds(With(View("a.test", 40, failures: 3)), Gravity.Warn, "acme",
            "it ends on 2026-06-10 00:00 UTC; the last 3 orders failed: no answer", "tangram why");
        Finds(With(new AcmeView("a.test", null, null, 1, "refused")), Gravity.Warn, "acme",
            "a.test has no certificate: the last order failed: refused", "tangram why");
        Finds(With(new AcmeView("a.test", null, null, 0, "")), Gravity.Note, "acme", "has no certificate yet",
            "tangram why");
        Finds(With(View("b.test", 60)), Gravity.Note, "acme", "a.test is not asked for yet", "tangram deploy");
        Finds(Fit with { Acme = [new("shop", ["a.test"], null, now)] }, Gravity.Note, "acme",
            "no server of shop answers here", "on a server's machine");
    }

    [Fact]
    public void A_port_that_somebody_has()
    {
        var taken = new ListenerFacts("the gateway", "127.0.0.1", 8080, "port 8080 is taken by nginx (pid 7)");
        Finds(Fit with { Ports = Fit.Ports! with { Listeners = [taken] } }, Gravity.Error, "listener", "nginx (pid 7)",
            "another port");
    }

    [Fact]
    public void Ports_of_root_and_of_the_kernel_are_settled_by_one_line_for_all()
    {
        var ports = Fit.Ports! with
        {
            Reserved = "9000-9010",
            Listeners =
            [
                new("the gateway", "*", 443, null), new("'web'", "*", 80, null),
                new("'a'", "*", 40_000, null), new("'b'", "*", 50_000, null), new("'c'", "*", 9_005, null),
            ],
        };
        var found = Found(Fit with { Ports = ports });
        Assert.Equal([Gravity.Error, Gravity.Error, Gravity.Warn, Gravity.Warn], found.Select(f => f.Gravity));
        Assert.Equal(
            [
                new KernelSetting("net.ipv4.ip_unprivileged_port_start", "80"),
                new KernelSetting("net.ipv4.ip_local_reserved_ports", "9000-9010,40000,50000"),
            ],
            found.Select(f => f.Remedy!.Setting!).Distinct());
        Assert.Equal("/proc/sys/net/ipv4/ip_local_reserved_ports", found[3].Remedy!.Setting!.Path);
        Assert.Empty(Found(Fit with { Root = true, Ports = ports with { Reserved = "9000-9010,40000-50000" } }));
    }

    [Fact]
    public void No_room_for_ports_of_replicas_or_connections()
    {
        Finds(Fit with { Ports = Fit.Ports! with { Low = 20_100, High = 65_535 } }, Gravity.Warn, "replica-ports",
            "100 ports", "32768 60999");
        Finds(Fit with { Ports = Fit.Ports! with { Low = 20_010, High = 65_535 } }, Gravity.Error, "replica-ports",
            "10 ports", "sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"", Shop);
        Finds(Fit with { Ports = Fit.Ports! with { Low = 60_000, High = 60_999 } }, Gravity.Warn, "connections",
            "1,000 ports", "32768 60999");
    }

    [Fact]
    public void A_disk_that_is_full_slow_or_of_the_wrong_kind()
    {
        var disk = Fit.Disk!;
        void Disk(DiskFacts facts, Gravity gravity, string check, string what) =>
            Finds(Fit with { Disk = facts }, gravity, check, what, "");
        Disk(disk with { Refused = "Permission denied" }, Gravity.Error, "state-folder", "cannot be written");
        Disk(disk with { FileSystem = "tmpfs" }, Gravity.Warn, "state-folder", "in memory");
        Disk(disk with { FileSystem = "nfs" }, Gravity.Warn, "state-folder", "remote");
        Disk(disk with { FileSystem = "overlay" }, Gravity.Note, "state-folder", "container's own layer");
        Disk(disk with { FreeBytes = 500L << 20 }, Gravity.Warn, "disk-space", "only 500 MiB free in /srv");
        Disk(disk with { FreeBytes = 50L << 20 }, Gravity.Error, "disk-space", "only 50 MiB");
        Disk(disk with { FreeFiles = 10_000 }, Gravity.Warn, "disk-files", "only 10,000 files");
        Disk(disk with { FreeFiles = 10 }, Gravity.Error, "disk-files", "only 10 files");
        Disk(disk with { Sync = (TimeSpan.FromMilliseconds(30), TimeSpan.FromMilliseconds(200)) }, Gravity.Warn,
            "disk-sync", "30 ms, at worst 200 ms");
        Assert.Empty(Found(Fit with { Disk = disk with { FreeFiles = 0, Files = 0, Sync = null } }));
    }

    [Fact]
    public void Memory_and_cores_against_what_the_file_may_use()
    {
        var memory = Fit.Memory!;
        Finds(Fit with { Memory = memory with { Available = 400L << 20 } }, Gravity.Warn, "memory", "400 MiB", "");
        Finds(Fit with { Memory = memory with { Limit = (1L << 30, 900L << 20) } }, Gravity.Error, "memory",
            "124 MiB of 1 GiB memory can be had (the cgroup's limit counts)", "");
        Finds(Fit, Gravity.Warn, "file-memory", "all limits of the file together are 20 GiB", "limits.memory",
            Shop with { Limits = new Resources { Memory = 20L << 30 } });
        Finds(Fit, Gravity.Warn, "file-memory", "the file reserves 20 GiB", "reservations.memory",
            Shop with { Limits = new Resources(), Reservations = new Resources { Memory = 20L << 30 } });
        Finds(Fit, Gravity.Note, "file-cpus", "all limits of the file together are 9.5 cores, and there are 8",
            "limits.cpus", Shop with { Limits = new Resources { Cpus = 9.5 } });
        Finds(Fit, Gravity.Warn, "file-cpus", "the file reserves 9 cores", "", Shop with
        {
            Limits = new Resources(), Reservations = new Resources { Cpus = 9 },
        });
    }

    [Fact]
    public void Cgroups_matter_to_a_file_with_limits()
    {
        var refused = Fit with { Cgroups = new CgroupFacts(2, [("cpu", null), ("memory", "/a may not be written")]) };
        Finds(refused, Gravity.Note, "cgroups", "limits of memory cannot be set (version 2): /a may", "Delegate=yes");
        Finds(refused, Gravity.Warn, "cgroups", "limits of memory cannot be set", "Delegate=yes", Shop);
        Finds(Fit with { Cgroups = new CgroupFacts(0, []) }, Gravity.Note, "cgroups", "no cgroups are mounted", "");
    }

    [Fact]
    public void Settings_of_the_network()
    {
        void Tcp(TcpFacts facts, Gravity gravity, string check, string line) =>
            Finds(Fit with { Tcp = facts }, gravity, check, "", line);
        var tcp = Fit.Tcp!;
        Tcp(tcp with { Congestion = "cubic" }, Gravity.Note, "congestion",
            "sysctl -w net.ipv4.tcp_congestion_control=bbr");
        Tcp(tcp with { Congestion = "cubic", Available = ["cubic"] }, Gravity.Note, "congestion", "modprobe tcp_bbr");
        Tcp(tcp with { Queueing = "pfifo_fast" }, Gravity.Note, "queueing", "net.core.default_qdisc=fq");
        Tcp(tcp with { Backlog = 128 }, Gravity.Warn, "backlog", "net.core.somaxconn=4096");
        Tcp(tcp with { SynBacklog = 128 }, Gravity.Warn, "syn-backlog", "tcp_max_syn_backlog=1024");
        Tcp(tcp with { SynCookies = 0 }, Gravity.Warn, "syn-cookies", "tcp_syncookies=1");
        Tcp(tcp with { SlowStartAfterIdle = 1 }, Gravity.Note, "slow-start", "tcp_slow_start_after_idle=0");
        Tcp(tcp with { Conntrack = (200_000, 262_144) }, Gravity.Warn, "conntrack", "nf_conntrack_max=1048576");
        Tcp(tcp with { Ipv6Loopback = false }, Gravity.Note, "ipv6", "net.ipv6.conf.lo.disable_ipv6=0");
        Assert.Empty(Found(Fit with { Tcp = new TcpFacts(null, [], null, null, null, null, null, null, true) }));
    }

    [Fact]
    public void A_listener_of_IPv6_needs_it()
    {
        var found = Found(Fit with
        {
            Tcp = Fit.Tcp! with { Ipv6Loopback = false },
            Ports = Fit.Ports! with { Listeners = [new("the gateway", "::1", 8080, null)] },
        });
        Assert.Contains(found, f => f is { Check: "listener", Gravity: Gravity.Error });
    }

    [Fact]
    public void What_a_file_asks_is_added_up_over_replicas_and_nodes()
    {
        static ServiceSpec Service(string name, DeployMode mode, int replicas, Resources limits) => new()
        {
            Name = ServiceName.Of(name),
            Deploy = new DeploySpec { Mode = mode, Replicas = replicas, Resources = new() { Limits = limits } },
        };
        var demand = FileDemand.Of(new ClusterSpec
        {
            Name = "x", Zones = [ZoneName.Of("a"), ZoneName.Of("b")], NodesPerZone = 2,
            Services =
            [
                Service("a", DeployMode.Replicated, 3, new Resources { Memory = 10 }),
                Service("b", DeployMode.Global, 1, new Resources { Memory = 1, Pids = 5 }),
            ],
        });
        Assert.Equal(("x", 7, 34L, 20L), (demand.Cluster, demand.Replicas, demand.Limits.Memory, demand.Limits.Pids));
        Assert.Equal(["memory", "pids"], demand.Limited);
    }
}
