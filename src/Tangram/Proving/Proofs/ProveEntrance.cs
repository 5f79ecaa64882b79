using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Proofs;

/// <summary>`tangram prove`: the ready drills one after another, and a table of what they showed.</summary>
internal static class ProveEntrance
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    public static async Task<int> RunAsync(ProveRequest request, Surroundings around, CancellationToken cancellation)
    {
        var wish = Wish(request);
        await using var ground = await DrillGround.OpenAsync(request.Find(), DrillReach.Here, around, cancellation)
            .ConfigureAwait(false);
        var (spec, status) = await ground.AskAsync(cancellation).ConfigureAwait(false);
        var seen = await ground.LookAsync().ConfigureAwait(false);
        ground.Check(seen);
        var items = ProofItem.Of(DrillFiles.Ready.Select(DrillFiles.Load), wish, spec, seen,
            drill => Unasked(drill, spec, status));
        var (began, startedAt) = (around.Clock.GetTimestamp(), around.Clock.GetUtcNow());
        var rows = request.DryRun ? ProofMachine.Foretold(items, wish, spec.Objectives, seen)
            : await HoldAsync(ground, items, wish, spec.Objectives, request.Json, around).ConfigureAwait(false);
        var result = new ProofResult
        {
            Cluster = ground.Cluster, Seed = wish.Seed, StartedAt = startedAt,
            Took = around.Clock.GetElapsedTime(began), Rows = rows.ToEquatableArray(),
        };
        if (request.Json) around.Print(ProofJson.Write(result));
        else ProofText.Print(result, around);
        return result.ExitCode;
    }

    private static ProofWish Wish(ProveRequest request)
    {
        foreach (var name in request.Only.Concat(request.Except))
            if (!DrillFiles.Ready.Contains(name))
                throw CommandFailure.Arguments($"there is no ready drill '{name}'. Ready are: " +
                    string.Join(", ", DrillFiles.Ready));
        var wish = new ProofWish
        {
            Seed = request.Seed ?? DrillGround.AnySeed(), Only = request.Only, Except = request.Except,
            Budget = request.Budget, KeepGoing = request.KeepGoing, Regardless = request.Regardless,
        };
        return DrillFiles.Ready.Any(wish.Wants) ? wish
            : throw CommandFailure.Arguments("--only and --except leave no drill. Ready are: " +
                string.Join(", ", DrillFiles.Ready));
    }

    private static string? Unasked(DrillSpec drill, ClusterSpec spec, StatusView status)
    {
        try
        {
            return DrillAddress.Options(drill, spec, status).Problems().FirstOrDefault();
        }
        catch (CommandFailure e)
        {
            return e.Message;
        }
    }

    private static async Task<IReadOnlyList<ProofRow>> HoldAsync(DrillGround ground, IReadOnlyList<ProofItem> items,
        ProofWish wish, ObjectivesSpec objectives, bool silent, Surroundings around)
    {
        var clock = new Coordinating.MonotonicClock(around.Clock);
        var machine = new ProofMachine(items, wish, objectives, clock.Now);
        var progress = new Progress(around);
        void Show(string line)
        {
            if (!silent) progress.Show(line);
        }
        while (true)
        {
            var told = machine.Rows.Count;
            if (ground.Stopped) machine.Stop();
            var step = machine.Next(await ground.LookAsync().ConfigureAwait(false), clock.Now);
            if (step is ProofStep.Hold hold)
                await HoldAsync(ground, machine, hold, wish.Regardless, Show).ConfigureAwait(false);
            progress.Clear();
            if (!silent)
                foreach (var row in machine.Rows.Skip(told)) around.Print(ProofText.Line(row));
            if (step is ProofStep.Over) return machine.Rows;
            if (step is not ProofStep.Wait wait) continue;
            Show($"waits for {wait.For}");
            await around.PauseAsync(LookEvery, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task HoldAsync(
        DrillGround ground, ProofMachine machine, ProofStep.Hold hold, bool regardless, Action<string> show)
    {
        var (item, which) = (hold.Item, $"{hold.Number} of {hold.Of}, {hold.Item.Drill.Name}: ");
        show($"{which}begins; about {item.Takes.TotalSeconds:0} s");
        try
        {
            machine.Ended(await ground.HoldAsync(item.Drill, new DrillTerms(item.Seed, regardless),
                line => show(which + line.TrimStart()), CancellationToken.None).ConfigureAwait(false));
        }
        catch (CommandFailure e)
        {
            machine.Refused(e.Message);
        }
    }
}
