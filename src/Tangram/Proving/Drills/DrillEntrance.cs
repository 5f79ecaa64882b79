using Tangram.Cli;
using Tangram.Model;
using Tangram.Proving.Chaos;
using Tangram.Proving.Faults;
using Tangram.Proving.Reports;

namespace Tangram.Proving.Drills;

/// <summary>`tangram drill`: from what was typed to a drill, and its verdict.</summary>
internal static class DrillEntrance
{
    public static async Task<int> RunAsync(DrillRequest request, Surroundings around, CancellationToken cancellation)
    {
        if (request is { Holds: { } watched, Watches: true })
            return await FaultWatch.RunAsync(watched, around).ConfigureAwait(false);
        if (request.Holds is { } place) return await FaultHolder.RunAsync(place, around).ConfigureAwait(false);
        if (request.History) return await HistoryAsync(request, around, cancellation).ConfigureAwait(false);
        if (request.Report is not null && (request.Drill is null || request.Print))
            throw CommandFailure.Arguments("--report is of a drill that is held: name one, without --print");
        if (request.Drill is not { } name) return List(request, around);
        if (request.Print)
        {
            if (!DrillFiles.Ready.Contains(name))
                throw CommandFailure.Arguments($"there is no ready drill '{name}'. Ready are: " +
                    string.Join(", ", DrillFiles.Ready));
            around.Print(DrillFiles.Text(name).TrimEnd());
            return Exit.Done;
        }
        var file = DrillFiles.Load(name, around.WorkingFolder, around.Variable);
        if (file.Theirs is not null && request.Report is not null)
            throw CommandFailure.Arguments($"--report is of a drill, and {name} is an experiment of Chaos Toolkit, " +
                "which has no load to draw: --json has its journal");
        if (file.Theirs is not null && !HasOnly(request with { Report = null }))
            throw CommandFailure.Arguments($"{name} is an experiment of Chaos Toolkit, which says itself what it " +
                "does: leave out all options but --json");
        if (file.Theirs is { } experiment)
            return await ChaosEntrance.RunAsync(experiment, request.Json, around, cancellation).ConfigureAwait(false);
        var drill = file.Ours!;
        drill = drill with
        {
            Load = drill.Load with
            {
                Rate = request.Rate ?? drill.Load.Rate, Url = request.Url?.OriginalString ?? drill.Load.Url,
                Path = request.Url is null ? drill.Load.Path : null,
            },
        };
        return await HoldAsync(drill, request, around, cancellation).ConfigureAwait(false);
    }

    /// <summary>Nothing was typed that says how a drill is held.</summary>
    private static bool HasOnly(DrillRequest request) => request is
        { Seed: null, Rate: null, Url: null, Report: null, Tls: null, Injectors.Count: 0, Regardless: false,
            AtMost: BlastRadius.Cluster };

    private static async Task<int> HoldAsync(
        DrillSpec drill, DrillRequest request, Surroundings around, CancellationToken cancellation)
    {
        var report = ReportFile.For(request.Report, "--report", around, request.Drill);
        await using var ground = await DrillGround.OpenAsync(request.Find(),
            new DrillReach(request.Injectors, request.Tls), around, cancellation).ConfigureAwait(false);
        var result = await ground.HoldAsync(drill, new DrillTerms(
                request.Seed ?? DrillGround.AnySeed(), request.Regardless, request.AtMost),
            request.Json ? _ => { } : around.Print, cancellation).ConfigureAwait(false);
        if (request.Json) around.Print(DrillJson.Write(result));
        else foreach (var text in DrillReport.Lines(result)) around.Print(text);
        report?.Write(DrillPage.Of(result));
        return result.Verdict.ExitCode;
    }

    /// <summary>Also of a cluster that does not run now.</summary>
    private static async Task<int> HistoryAsync(
        DrillRequest request, Surroundings around, CancellationToken cancellation)
    {
        if (request.Print || !HasOnly(request))
            throw CommandFailure.Arguments("--history looks at what was held, and holds nothing: leave out the other " +
                "options");
        var where = request.Find();
        if (where.Address.StartsWith("http", StringComparison.OrdinalIgnoreCase))
            throw CommandFailure.Arguments("the history of drills is on the cluster's own machine: look at it there, " +
                "without TANGRAM_HOST");
        var folder = where.Folder
            ?? (await DrillGround.PlaceAsync(where, around, cancellation).ConfigureAwait(false)).Folder;
        if (!Directory.Exists(folder)) throw CommandFailure.NoCluster($"there is no cluster's state in {folder}");
        var history = new DrillHistory(folder).Read(damaged => around.PrintError($"warning: {damaged}"))
            .Where(result => request.Drill is null || result.Drill == request.Drill)
            .Select(DrillSummary.Of).ToArray();
        if (request.Json) around.Print(DrillJson.Write(history));
        else DrillHistoryText.Print(history, around);
        return Exit.Done;
    }

    private static int List(DrillRequest request, Surroundings around)
    {
        if (request.Print) throw CommandFailure.Arguments("say which drill to print: " +
            string.Join(", ", DrillFiles.Ready));
        var table = new Table("DRILL", "WHAT IT DOES") { Yields = ["WHAT IT DOES"] };
        foreach (var name in DrillFiles.Ready)
            table.Add(name, DrillFiles.Load(name).About);
        table.Write(around);
        return Exit.Done;
    }
}
