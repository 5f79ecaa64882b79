using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tangram.Cli;
using Tangram.ClusterTests.Coordinating;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Proving.Faults;
using Tangram.Proving.Injecting;
using Tangram.Proving.Spreading;
using static Tangram.ClusterTests.Proving.FaultSigns;

namespace Tangram.ClusterTests.Proving;

/// <summary>What `tangram injector` does with those who do not hold a drill. In plain text, on loopback.</summary>
public sealed class InjectorTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-injector-").FullName;
    private readonly int _port = FreePort.Take(), _store = FreePort.Take();
    private Child _injector = null!;

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo(ShopCluster.Binary,
            ["injector", "--cluster", "mine", "--name", "here", "--listen", $"127.0.0.1:{_port}",
                "--etcd", $"http://127.0.0.1:{_store}"])
        {
            WorkingDirectory = _folder,
        };
        ShopCluster.Surround(start, _folder);
        _injector = new Child(start);
        await Until.SomeAsync(() => Task.FromResult(_injector.Printed.Contains(" runs;") ? this : null), Patience,
            () => _injector.Printed);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("null")]
    [InlineData("{\"Number\":0,\"Kind\":\"BadDeploy\",\"Name\":\"\",\"Lasts\":\"0\",\"Replicas\":[],\"Nodes\":[]}")]
    [InlineData("")]
    [InlineData("load ")]
    [InlineData("\nload {}")]
    [InlineData("load {\"Load\":null,\"Machine\":0,\"Machines\":1,\"Run\":\"a\",\"Trust\":null,\"Log\":true}")]
    public async Task Whoever_says_what_no_drill_says_or_nothing_is_left_and_the_next_one_is_served(string said)
    {
        await using (var line = await OpenAsync())
        {
            if (said.Length > 0) await line.WriteAsync(said);
            await EndsAsync(line);
        }
        await using (var line = await OpenAsync())
        {
            _ = line.WriteAsync(new string('x', InjectorJson.LongestOrder + 100_000));
            await EndsAsync(line);
        }
        await using var next = await HoldAsync();
        Assert.Equal(FaultWord.Holds, (await AnswerAsync(next)).Word);
    }

    [Fact]
    public async Task Whoever_makes_a_load_breaks_nothing_by_the_same_connection()
    {
        await using var line = await OpenAsync();
        var request = new LoadRequest(new Uri("http://127.0.0.1:1/"), 1, TimeSpan.FromMinutes(1), "GET", null, [], [],
            [], null, TimeSpan.FromSeconds(1), 1, null, 0, false);
        await line.WriteAsync(LoadOrder.Word + new LoadOrder(request, 0, 1, "a", null, false).Write());
        var beating = line.BeatAsync(InjectorJson.Beat);
        string? said;
        do said = await line.ReadAsync(Patience);
        while (said is "");
        Assert.Equal(PartWord.Ready, PartAnswer.Read(said!).Word);
        await line.WriteAsync(FaultJson.Write(
            new FaultOrder(0, false, FaultKind.ReplicaKilled, "web-1", TimeSpan.Zero, [], ["here"])));
        await EndsAsync(line);
        line.Close();
        await beating;
    }

    [Fact]
    public async Task What_is_not_of_its_cluster_is_never_struck_and_a_second_drill_is_refused()
    {
        using var stranger = Process.Start(new ProcessStartInfo("/bin/sleep", "100"))!;
        try
        {
            await using var line = await HoldAsync();
            var beating = line.BeatAsync(InjectorJson.Beat);
            Assert.Equal(FaultWord.Holds, (await AnswerAsync(line)).Word);
            await using (var second = await HoldAsync())
            {
                var refused = await AnswerAsync(second);
                Assert.Equal(FaultWord.Refused, refused.Word);
                Assert.Contains("another drill is held on mine", refused.What);
            }
            StruckReplica[] struck = [new("web-1", "web", "here", stranger.Id, 0, 1)];
            FaultKind[] kinds =
            [
                FaultKind.ReplicaKilled, FaultKind.ReplicaPaused, FaultKind.ReplicaSlow, FaultKind.NodeLost,
                FaultKind.LeaderLost, FaultKind.StoreLost, FaultKind.ZoneSlow, FaultKind.StoreSlow,
                FaultKind.NodePaused,
            ];
            foreach (var (number, kind) in kinds.Index())
            {
                await line.WriteAsync(FaultJson.Write(new FaultOrder(number, false, kind, "web-1",
                    FaultForm.Of(kind).Lasts ? TimeSpan.FromSeconds(1) : TimeSpan.Zero, struck, ["here"])));
                Assert.Equal(FaultWord.Missed, (await AnswerAsync(line)).Word);
            }
            Assert.Equal('S', ProcessStat.Read(stranger.Id)!.Value.State);
            line.Close();
            await beating;
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_member_of_the_store_is_started_again_when_its_injector_or_who_holds_the_fault_is_killed(
        bool injector)
    {
        await using var etcd = new EtcdMember(new EtcdClusterOptions { ClientPort = _store }, 0);
        etcd.Start([etcd]);
        await etcd.ReadyAsync();
        var first = etcd.Pid;
        await using var line = await HoldAsync();
        var beating = line.BeatAsync(InjectorJson.Beat);
        Assert.Equal(FaultWord.Holds, (await AnswerAsync(line)).Word);
        await line.WriteAsync(FaultJson.Write(
            new FaultOrder(1, false, FaultKind.StoreLost, "", TimeSpan.FromMinutes(1), [], ["here"])));
        Assert.Equal(FaultWord.Injected, (await AnswerAsync(line)).Word);
        Assert.Empty(Members());

        var began = TimeProvider.System.GetTimestamp();
        ShopCluster.Kill(injector ? _injector.Pid : Holder(_folder));
        var again = await Until.SomeAsync(() => Task.FromResult(Members() is [_] found ? found : null), Patience,
            () => "the member runs again");
        var took = TimeProvider.System.GetElapsedTime(began);
        Figures.Note($"{nameof(InjectorTests)}: after SIGKILL of {(injector ? "the injector" : "the holder")} the " +
            $"store's member was started again within {Ms(took)}");
        try
        {
            Assert.NotEqual(first, again[0]);
            Assert.True(took < TimeSpan.FromSeconds(1), $"{took}");
        }
        finally
        {
            ShopCluster.Kill(again[0]);
        }
        line.Close();
        await beating;

        List<int> Members() => [.. Running(words => words[0].EndsWith("/etcd", StringComparison.Ordinal)
            && words.Contains(etcd.Endpoint))];
    }

    [Fact]
    public async Task A_slowed_store_answers_late_until_who_holds_the_fault_is_killed()
    {
        await using var etcd = new EtcdMember(new EtcdClusterOptions { ClientPort = _store }, 0);
        etcd.Start([etcd]);
        await etcd.ReadyAsync();
        using var client = new HttpClient { BaseAddress = new Uri(etcd.Endpoint) };
        var before = await MiddleAsync();
        await using var line = await OpenAsync();
        var beating = line.BeatAsync(InjectorJson.Beat);
        Assert.Equal(FaultWord.Holds, (await AnswerAsync(line)).Word);
        await line.WriteAsync(FaultJson.Write(
            new FaultOrder(1, false, FaultKind.StoreSlow, "", TimeSpan.FromMinutes(1), [], ["here"])));
        Assert.Equal(FaultWord.Injected, (await AnswerAsync(line)).Word);
        var meanwhile = await MiddleAsync();

        var began = TimeProvider.System.GetTimestamp();
        ShopCluster.Kill(Holder(_folder));
        await Until.SomeAsync(async () =>
            await MiddleAsync() < meanwhile / 4 && ProcessStat.Read(etcd.Pid)?.State != 'T' ? this : null, Patience,
            () => "etcd is as quick as ever");
        var over = TimeProvider.System.GetElapsedTime(began);
        Figures.Note($"{nameof(InjectorTests)}: a slowed member answered after {Ms(meanwhile)} in the middle " +
            $"({Ms(before)} before), and was quick again within {Ms(over)} of SIGKILL of the holder");
        Assert.True(meanwhile > TimeSpan.FromMilliseconds(50), $"{meanwhile}");
        Assert.True(over < TimeSpan.FromSeconds(1), $"{over}");
        line.Close();
        await beating;

        async Task<TimeSpan> MiddleAsync()
        {
            var took = new List<TimeSpan>();
            for (var i = 0; i < 5; i++)
            {
                // Not all of them while it runs.
                await Until.PassedAsync(TimeSpan.FromMilliseconds(30));
                var asked = TimeProvider.System.GetTimestamp();
                _ = await client.GetStringAsync("/version");
                took.Add(TimeProvider.System.GetElapsedTime(asked));
            }
            took.Sort();
            return took[2];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _injector.KillAsync();
        _injector.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>After its greeting.</summary>
    private async Task<WireLines> OpenAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port));
        var line = new WireLines(new NetworkStream(socket, ownsSocket: true), InjectorJson.LongestAnswer,
            TimeProvider.System);
        Assert.Equal("here", InjectorJson.Greeting((await line.ReadAsync(Patience))!).Name);
        return line;
    }

    /// <summary>As a drill begins.</summary>
    private async Task<WireLines> HoldAsync()
    {
        var line = await OpenAsync();
        await line.WriteAsync("");
        return line;
    }

    private static async Task<FaultAnswer> AnswerAsync(WireLines line)
    {
        while (true)
            if (await line.ReadAsync(Patience) is { } said)
            {
                if (said.Length > 0) return FaultJson.Answer(said);
            }
            else Assert.Fail("the connection ended");
    }

    private static async Task EndsAsync(WireLines line)
    {
        while (await line.ReadAsync(Patience) is not null) { }
    }
}
