using System.Diagnostics;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Proving;
using Tangram.Proving.Spreading;
using static Tangram.ClusterTests.Proving.FaultSigns;

namespace Tangram.ClusterTests.Proving;

/// <summary>One load from three injectors, in plain text on loopback.</summary>
[Collection(nameof(Alone))]
public sealed class SpreadTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string[] Names = ["one", "two", "three"];

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-spread-").FullName;
    private readonly int[] _ports = [.. Names.Select(_ => FreePort.Take())];
    private readonly List<Child> _injectors = [];

    public async ValueTask InitializeAsync()
    {
        foreach (var (name, port) in Names.Zip(_ports))
            _injectors.Add(Start("injector", "--cluster", "mine", "--name", name, "--listen", $"127.0.0.1:{port}"));
        foreach (var one in _injectors)
            await Until.SomeAsync(() => Task.FromResult(one.Printed.Contains(" runs;") ? one : null), Patience,
                () => one.Printed);
    }

    [Fact]
    public async Task Three_machines_make_one_load_and_count_what_the_server_counts()
    {
        var ids = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using var server = new RawServer((socket, request) =>
        {
            ids.Add(request.Text.Split("x-id: ")[1].Split('\r')[0]);
            return RawServer.SendAsync(socket, "200 OK");
        });
        var rate = await LoadAsync(0, server, "--poisson", "7", "--rate", "400", "--duration", "2s");
        Assert.Equal((server.Arrived, rate.Planned), (rate.Total.Ok, rate.Total.Sent));
        var own = rate.Machines.Select(one => one.Sent!.Value).ToList();
        Assert.Equal(rate.Total.Sent, own.Sum());
        Assert.InRange(own.Max() - own.Min(), 0, 1);
        // As one machine would have numbered them.
        Assert.Equal(Enumerable.Range(0, (int)rate.Planned).Select(i => $"{rate.Run}-{i}").Order(), ids.Order());

        ids.Clear();
        var before = server.Arrived;
        var users = await LoadAsync(0, server, "--users", "50", "--think", "100ms", "--duration", "2s");
        Assert.Equal((server.Arrived - before, 50), (users.Total.Ok, users.Users));
        Assert.All(users.Machines, one => Assert.True(one.Sent > 16));
        Assert.Equal(server.Arrived - before, ids.Distinct().Count());
        // The platform's client, as for TLS.
        ids.Clear();
        before = server.Arrived;
        var also = await LoadAsync(0, server, "--also", $"{server.Url}", "--rate", "100", "--duration", "1s");
        Assert.Equal((server.Arrived - before, LoadEngine.Platform), (also.Total.Ok, also.Generator.Engine));
        Assert.Equal(100, also.Total.Ok);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{also.Run}-{i}").Order(), ids.Order());
        Figures.Note($"{nameof(SpreadTests)}: rate {Told(rate)}; users {Told(users)}");
        foreach (var one in (LoadResult[])[rate, users])
            Assert.InRange(one.StartSpread!.Value.TotalMilliseconds, 0.01, 500);
    }

    [Fact]
    public async Task A_part_that_is_killed_voids_the_load_by_name_and_the_others_stop()
    {
        await OrderedAsync();
        await KillAsync(injector: false);
        await KillAsync(injector: true);
    }

    /// <summary>When who ordered the load is killed, its parts end too.</summary>
    private async Task OrderedAsync()
    {
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        using var child = Start("load", $"{server.Url}", "--injector", All, "--rate", "300", "--duration", "60s");
        await Until.SomeAsync(() => Task.FromResult(server.Arrived > 100 ? server : null), Patience,
            () => child.Printed);
        var parts = Parts();
        var began = TimeProvider.System.GetTimestamp();
        await child.KillAsync();
        await Until.SomeAsync(() => Task.FromResult(
            parts.Exists(pid => ProcessStat.Read(pid) is { Ended: false }) ? null : this), Patience,
            () => "a part runs on");
        var took = TimeProvider.System.GetElapsedTime(began);
        Figures.Note($"{nameof(SpreadTests)}: all parts ended {Ms(took)} after SIGKILL of who ordered them");
        Assert.True(took < TimeSpan.FromSeconds(3), Ms(took));
    }

    private List<int> Parts() => _injectors.ConvertAll(one => Running(words => words.Contains(LoadPartProcess.Command))
        .Single(pid => ProcessStat.Read(pid)?.Parent == one.Pid));

    private async Task KillAsync(bool injector)
    {
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var loading = LoadAsync(1, server, "--rate", "300", "--duration", "60s");
        await Until.SomeAsync(() => Task.FromResult(server.Arrived > 100 ? server : null), Patience, () => "a load");
        var parts = Parts();
        var began = TimeProvider.System.GetTimestamp();
        ShopCluster.Kill(injector ? _injectors[1].Pid : parts[1]);
        var result = await loading;
        var took = TimeProvider.System.GetElapsedTime(began);
        Figures.Note($"{nameof(SpreadTests)}: void {Ms(took)} after SIGKILL of " +
            $"{(injector ? "an injector" : "a part")}: {result.Verdict.Because}");
        Assert.True(took < TimeSpan.FromSeconds(5), Ms(took));
        Assert.Equal(LoadRuling.Void, result.Verdict.Ruling);
        Assert.StartsWith("two was lost: ", result.Verdict.Because);
        Assert.Null(result.Machines[1].Sent);
        Assert.True(result.Machines[0].Sent > 0 && result.Total.Sent < 6000, Told(result));
        // The part of an injector that was killed ends by itself, and nothing is asked any more.
        await Until.SomeAsync(() => Task.FromResult(
            parts.Exists(pid => ProcessStat.Read(pid) is { Ended: false }) ? null : this), Patience,
            () => "a part runs on");
    }

    [Fact]
    public async Task Only_who_has_a_servers_certificate_gets_a_load_made_and_what_cannot_be_made_sends_nothing()
    {
        foreach (var typed in (string[])["ca init --cluster mine", "ca issue server s-1 --address 127.0.0.1",
            "ca issue agent a-1 --address 127.0.0.1"])
        {
            using var child = Start(typed.Split(' '));
            Assert.True(await child.EndAsync(Patience) == 0, child.Printed);
        }
        var port = FreePort.Take();
        _injectors.Add(Start("injector", "--cluster", "mine", "--name", "sure", "--listen", $"127.0.0.1:{port}",
            "--tls", "s-1"));
        await Until.SomeAsync(() => Task.FromResult(_injectors[^1].Printed.Contains(" runs;") ? this : null), Patience,
            () => _injectors[^1].Printed);
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var sure = $"127.0.0.1:{port}";
        (int Code, string Because, string[] Typed)[] all =
        [
            (1, "the injector at", ["--injector", sure]),
            (1, "cannot be used", ["--injector", $"{All},127.0.0.1:1"]),
            (2, "2 users cannot be spread over 3 machines", ["--users", "2", "--injector", All]),
            (1, "the injector at", ["--injector", sure, "--tls", "a-1"]),
            (0, "Passed: 0 of 30 requests failed", ["--rate", "100", "--injector", sure, "--tls", "s-1"]),
        ];
        foreach (var (code, because, words) in all)
        {
            using var child = Start(["load", $"{server.Url}", "--duration", "300ms", .. words]);
            Assert.True(await child.EndAsync(Patience) == code, child.Printed);
            Assert.Contains(because, child.Printed);
            Assert.Equal(code == 0 ? 30 : 0, server.Arrived);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _injectors)
        {
            await one.KillAsync();
            one.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private string All => string.Join(',', _ports.Select(port => $"127.0.0.1:{port}"));

    private static string Told(LoadResult result) =>
        $"{result.Total.Sent} sent, {result.Verdict.Ruling}, begun within {Ms(result.StartSpread ?? TimeSpan.Zero)}, " +
        $"late p99 {string.Join(", ", result.Machines.Select(one => Ms(one.LateP99 ?? TimeSpan.Zero)))}";

    private Child Start(params string[] words)
    {
        var start = new ProcessStartInfo(ShopCluster.Binary, words) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, Path.Combine(_folder, words.ElementAtOrDefault(4) ?? "none"));
        return new Child(start);
    }

    /// <summary>From all three.</summary>
    private async Task<LoadResult> LoadAsync(int code, RawServer server, params string[] typed)
    {
        using var child = Start(
            ["load", $"{server.Url}", "--injector", All, "--id-header", "x-id", "--json", .. typed]);
        var ended = await child.EndAsync(Patience + Patience);
        var result = LoadJson.Read(child.Printed);
        Assert.True(ended == code, $"{ended}: {result.Verdict}");
        return result;
    }
}
