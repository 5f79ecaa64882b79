using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;
using Tangram.Deploying;
using Tangram.Proving.Drills;

namespace Tangram.ClusterTests;

/// <summary>The ready drills on eleven machines, as a user holds them on one of its servers. TANGRAM_ALL=1 holds all of
/// them; TANGRAM_DRILLS names some. They take minutes, so they are held when they are asked for:
/// <c>--explicit on</c>.</summary>
[Collection(nameof(Alone))]
public sealed class LabReadyDrills
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Second = TimeSpan.FromSeconds(1);
    /// <summary>The network between gateway and replica is struck on one machine only.</summary>
    private static readonly string[] All = [.. DrillFiles.Ready.Where(drill => drill != "network")];
    private static readonly string[] Few = ["replica-loss", "node-loss"];

    [Fact(Explicit = true)]
    public async Task Each_ready_drill_is_kept_on_three_servers()
    {
        // Given the shop on eleven machines, after its first requests, with an injector on each
        await using var shop = await ShopLab.ReadyAsync();
        LabMachine[] all = [.. shop.Servers, .. shop.Agents, .. shop.Gateways];
        var injectors = await shop.StartInjectorsAsync(all);
        await shop.WarmAsync();

        // When drills are held on a server, one after the other
        var broken = new List<string>();
        foreach (var name in Drills())
        {
            await shop.SoundAsync();
            var (code, result) = await shop.HeldAsync(shop.Servers[1], all, name, "--seed", "7");
            Figures.Note(Words(result));
            if (code != 0 && !IsSlowOnly(result)) broken.Add(Told(result));
        }

        // Then each was kept
        Assert.True(broken.Count == 0, string.Join("\n\n", broken) + "\n" + injectors[0].Tail());

        await shop.SoundAsync();
        await KilledAsync(shop, all, injectors);
        await RefusedAsync(shop, all);
    }

    /// <summary>As a virtual machine that is moved: the others replace what ran there, and when it goes on its agent
    /// ends what is no longer its own.</summary>
    [Fact(Explicit = true)]
    public async Task A_machine_that_stands_still_is_replaced_and_no_singleton_runs_twice_when_it_goes_on()
    {
        // Given the shop and a singleton, whose machine is meant
        await using var shop = await ShopLab.ReadyAsync(LabSingleton.Text);
        LabMachine[] all = [.. shop.Servers, .. shop.Agents, .. shop.Gateways];
        var injectors = await shop.StartInjectorsAsync(all);
        await shop.WarmAsync();
        await shop.SoundAsync();
        var node = shop.Agents.Single(agent => agent.Replicas().Keys.Any(name => name.Contains(LabSingleton.Service)));
        var file = shop.FileOf("still.yaml");
        File.WriteAllText(file, $$"""
            hypothesis: { availability: 99.9%, latency_p99: 10s, recovery_time: 30s }
            load: { rate: 50, duration: 30s }
            steady: 3s
            faults: [ { kind: node-paused, target: {{node.Name}}, at: 3s, for: 15s } ]
            """);

        // When it stands still for longer than its lease
        var still = new StillMachine(shop, node);
        var held = shop.HeldAsync(shop.Servers[1], all, file, "--seed", "7");
        await still.WatchAsync(held);
        var (code, result) = await held;
        await shop.SoundAsync();

        // Then no request failed, it was replaced meanwhile, and what had been replaced ended
        Figures.Note(Words(result));
        Figures.Note($"{nameof(LabReadyDrills)}: {still.Words}");
        var (processes, gap, woken) = LabSingleton.Judge(LabSingleton.Read(shop), [still.Slept]);
        Figures.Note(FormattableString.Invariant($"{nameof(LabReadyDrills)}: {processes} singletons one after the ") +
            FormattableString.Invariant($"other, longest gap {gap:0.0} s, {woken} lines of a woken one"));
        Assert.True(code == 0 || IsSlowOnly(result),
            $"{Told(result)}\n{injectors[Array.IndexOf(all, node)].Tail()}");
        Assert.True(still.Replaced is not null && still.Gone < Second * 5, still.Words);
    }

    /// <summary>What is out or stands still is back when the drill is killed, and when its injector is.</summary>
    private static async Task KilledAsync(ShopLab shop, LabMachine[] all, LabProcess[] injectors)
    {
        var (node, file) = (shop.Agents[5], shop.FileOf("long.yaml"));
        (string Fault, LabMachine[] Struck, string Victim)[] turns =
        [
            ($"node-lost, target: {node.Name}", [node], "drill"),
            ($"node-paused, target: {node.Name}", [node], "drill"), ("zone-lost, target: c", shop.In("c"), "drill"),
            ("gateway-lost", shop.Gateways, "drill"), ("leader-lost", shop.Servers, "drill"),
            // Nothing can be struck there afterwards.
            ($"node-lost, target: {node.Name}", [node], "injector"),
        ];
        foreach (var (fault, struck, victim) in turns)
        {
            File.WriteAllText(file, $$"""
                hypothesis: { availability: 1%, latency_p99: 1m }
                load: { rate: 10, duration: 2m }
                steady: 500ms
                faults: [ { kind: {{fault}}, for: 100s } ]
                """);
            var before = Running(struck);
            var drill = shop.StartDrill(shop.Servers[1], all, file);
            await Until.SomeAsync(() => Task.FromResult(drill.Printed.Contains(": injected: ") ? Done : null), Patience,
                () => drill.Tail());
            Assert.True(before.Except(Running(struck)).Any(), drill.Tail());
            var begun = TimeProvider.System.GetTimestamp();
            if (victim == "drill") drill.Kill();
            else injectors[Array.IndexOf(all, node)].Kill();
            await Until.SomeAsync(() => Task.FromResult(Running(struck).Count == before.Count ? Done : null), Patience,
                () => drill.Tail());
            var took = TimeProvider.System.GetElapsedTime(begun);
            Figures.Note(FormattableString.Invariant(
                $"{nameof(LabReadyDrills)}: {fault}: after SIGKILL of the {victim}, all {before.Count} programs ") +
                FormattableString.Invariant($"run again after {took.TotalMilliseconds:0} ms"));
            Assert.True(took < Second * 5, $"{took}");
            drill.Kill();
            // A machine that is back at once is missed only then.
            await Until.PassedAsync(Second * 4);
            await shop.SoundAsync();
        }
    }

    /// <summary>Where no injector runs nothing is begun; and who is no server is not let in.</summary>
    private static async Task RefusedAsync(ShopLab shop, LabMachine[] all)
    {
        var (on, some) = (shop.Servers[0], all[..^1].Where(machine => machine != shop.Agents[5]).ToArray());
        var (code, printed) = await on.TangramAsync(Patience, "drill", "node-loss", "--injector",
            LabInjectors.Injectors(some), "--tls", shop.TlsOf(on).Path);
        Assert.Equal(2, code);
        var stranger = shop.Gateways[0];
        (code, printed) = await on.TangramAsync(Patience, "drill", "node-loss", "--injector",
            LabInjectors.Injectors(some), "--tls", shop.TlsOf(stranger).Path);
        Assert.True(code == 1, printed);
    }

    private static readonly object Done = new();

    /// <summary>Thirty programs share the cores of one computer: that requests took long is noted, in the figure's
    /// ruling, and fails nothing. That they failed, or that it was not whole in time, does.</summary>
    private static bool IsSlowOnly(DrillResult result) => result.Load is { } load && load.P99 > result.LatencyP99
        && load.Availability >= result.Availability && result.Faults.Any(fault => fault.Missed is null)
        && result.Faults.All(fault => fault.Missed is not null || fault.Whole <= result.Recovery)
        && !result.Verdict.Because.Any(sentence => sentence.Contains("not back") || sentence.Contains("not injected"));

    /// <summary>The roles and members of etcd there that do not stand still.</summary>
    private static List<int> Running(IEnumerable<LabMachine> machines)
    {
        var etcd = Needs.Program("etcd");
        return [.. machines.SelectMany(machine => machine.Pids).Where(pid =>
            ProcessStat.Read(pid) is { Ended: false, State: not 'T' } && CommandOf(pid) is [var program, var role, ..]
            && (program == etcd || role is "server" or "agent" or "gateway"))];
    }

    private static string[] CommandOf(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0'); }
        catch (IOException) { return []; }
    }

    private static IReadOnlyList<string> Drills() =>
        Environment.GetEnvironmentVariable("TANGRAM_DRILLS") is { Length: > 0 } some ? some.Split(',')
        : Environment.GetEnvironmentVariable("TANGRAM_ALL") == "1" ? All : Few;

    private static string Words(DrillResult result) => $"{nameof(LabReadyDrills)}: {result.Drill}: " +
        $"{result.Verdict.Ruling}; {result.Load?.Sent} sent, {result.Load?.Failed} failed, p99 " +
        $"{Ms(result.Load?.P99)}, longest {Ms(result.Load?.Max)}; " + string.Join("; ", result.Faults.Select(fault =>
            $"{fault.Kind} {fault.Target}: detected {Ms(fault.Detected)}, left {Ms(fault.Left)}, " +
            $"whole {Ms(fault.Whole)}{(fault.Missed is { } missed ? $", missed: {missed}" : "")}, {fault.Effect}; " +
            fault.Reverted));

    private static string Told(DrillResult result) =>
        string.Join('\n', result.Verdict.Because.Concat(result.Timeline.Select(m => m.ToString())));

    private static string Ms(TimeSpan? span) =>
        span is { } known ? FormattableString.Invariant($"{known.TotalMilliseconds:0} ms") : "-";
}
