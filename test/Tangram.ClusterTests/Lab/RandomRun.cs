using Tangram.ClusterTests.Drilling;
using Tangram.Observing;

namespace Tangram.ClusterTests.Lab;

/// <summary>One shop that suffers random faults, and all that is checked after each.</summary>
internal sealed class RandomRun(ShopLab shop, int seed)
{
    private readonly RandomStrikes _strikes = new(shop);
    private readonly LabWriter _writer = new(shop, seed);
    private readonly EtcdHistory _history = new(shop);

    public IReadOnlyList<LabChange> Changes => _writer.Made;
    public (int Terms, int Writes, int Starts) Terms { get; private set; }
    public (int Processes, double LongestGap, int Woken) Singles { get; private set; }

    /// <summary>Returns how long it took to converge, from the healing on.</summary>
    public async Task<TimeSpan> SufferAsync(RandomRound round, TimeSpan within, TimeSpan stays)
    {
        using (var stop = new CancellationTokenSource())
        {
            var writing = _writer.WriteAsync(stop.Token);
            await _strikes.StrikeAsync(round);
            _strikes.HealAll();
            await stop.CancelAsync();
            await writing;
        }
        var took = await ConvergeAsync(within, stays);
        await _history.ReadOnAsync();
        var inForce = _history.Changes.EveryAcknowledgedChangeIsThere(_writer.Made);
        foreach (var server in shop.Servers)
            Assert.True(await shop.StatusAsync(server) is { } status && LabWriter.InForce(status, inForce),
                $"{server.Name} does not show change {inForce} in force");
        Terms = _history.Changes.NoOldTermWroteAfterANewerOne(LeaderClaims.Starts(shop.Servers));
        Singles = LabSingleton.Judge(LabSingleton.Read(shop), _strikes.Slept);
        return took;
    }

    /// <summary>A failure is looked into with what all wrote: TANGRAM_KEEP names a folder for it.</summary>
    public void Keep()
    {
        if (Environment.GetEnvironmentVariable("TANGRAM_KEEP") is not { Length: > 0 } folder) return;
        var kept = Directory.CreateDirectory(Path.Combine(folder, $"random-{seed}")).FullName;
        foreach (var machine in shop.Lab.Machines)
        {
            File.WriteAllText(Path.Combine(kept, $"{machine.Name}.log"), machine.Tail());
            var events = Path.Combine(ShopLab.StateOf(machine), "events.jsonl");
            if (File.Exists(events)) File.Copy(events, Path.Combine(kept, $"{machine.Name}.jsonl"), overwrite: true);
        }
        File.Copy(shop.FileOf("beats"), Path.Combine(kept, "beats"), overwrite: true);
        File.WriteAllLines(Path.Combine(kept, "changes"), _writer.Made.Select(c => c.ToString()));
        File.WriteAllLines(Path.Combine(kept, "history"), _history.Changes.Select(c => c.ToString()));
    }

    /// <summary>All servers say that all is well, and go on saying so: a fault that was healed before anybody noticed
    /// may show only afterwards.</summary>
    private async Task<TimeSpan> ConvergeAsync(TimeSpan within, TimeSpan stays)
    {
        var begun = TimeProvider.System.GetTimestamp();
        TimeSpan? since = null;
        StatusView?[] said = [];
        await Until.SomeAsync(async () =>
        {
            said = await Task.WhenAll(shop.Servers.Select(shop.StatusAsync));
            var now = TimeProvider.System.GetElapsedTime(begun);
            since = said.All(IsSound) && said.DistinctBy(s => s!.Leader).Count() == 1 ? since ?? now : null;
            return now - since >= stays ? shop : null;
        }, within, () => "convergence. The servers said:\n" + string.Join('\n', said.Select(s => $"{s}")));
        return since!.Value;
    }

    private bool IsSound(StatusView? status) => status is { Ready: true, Leader: not null }
        && status.Nodes.Count(n => n.State == "ready") == shop.Agents.Length
        && status.Gateways.Count == shop.Gateways.Length;
}
