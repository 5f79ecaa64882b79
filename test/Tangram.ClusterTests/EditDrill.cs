using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Deploying;
using Tangram.Observing;

namespace Tangram.ClusterTests;

/// <summary>Random edits of a running cluster's file, each deployed under load; TANGRAM_EDITS says how many.</summary>
[Collection(nameof(Alone))]
public sealed class EditDrill
{
    /// <summary>A program that never becomes ready takes 30 s to be rolled back, so without TANGRAM_EDITS time ends it
    /// too.</summary>
    private const int Few = 20;
    private static readonly TimeSpan ShortRun = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90), Longest = TimeSpan.FromMinutes(40);

    [Fact]
    public async Task Whatever_is_edited_is_in_force_or_refused_or_back_and_costs_no_request()
    {
        var edits = int.TryParse(Environment.GetEnvironmentVariable("TANGRAM_EDITS"), out var given) ? given : Few;
        var chance = Figures.Chance(nameof(EditDrill));
        await using var cluster = ShopCluster.Given();
        var accepted = EditedShop.First;
        cluster.Write("compose.yaml", accepted.Text());
        cluster.Up("compose.yaml");
        await cluster.BecomesReadyAsync();
        await using var load = await ShopLoad.OnAsync(cluster, Longest);
        var (ends, longest) = (new int[3], TimeSpan.Zero);
        var (start, number) = (TimeProvider.System.GetTimestamp(), 0);
        while (number < edits && (given > 0 || TimeProvider.System.GetElapsedTime(start) < ShortRun))
        {
            number++;
            // When the file is edited and deployed
            var (edited, what) = accepted.Edit(chance, number);
            cluster.Write("edited.yaml", edited.Text());
            var begun = TimeProvider.System.GetTimestamp();
            using var deploy = cluster.Deploy("edited.yaml");
            var code = await deploy.EndAsync(Patience);
            var took = TimeProvider.System.GetElapsedTime(begun);

            // Then it ends as the oracle says, and what runs is what was accepted last
            var told = $"edit {number} ({what}) ended with {code} after {took.TotalSeconds:0.0} s: {deploy.Printed}";
            TestContext.Current.SendDiagnosticMessage("{0}", told);
            Assert.True(code == (int)edited.End, $"{edited.End} was due; {told}\n{edited.Text()}\n{Events(cluster)}");
            if (edited.End == EditEnd.InForce) accepted = edited;
            await RunsAsync(cluster, accepted, told);
            ends[code]++;
            if (took > longest) longest = took;
        }
        var result = await load.StopAsync();
        Figures.Note(string.Create(CultureInfo.InvariantCulture,
            $"{nameof(EditDrill)}: {number} edits: {ends[0]} in force, {ends[1]} rolled back, {ends[2]} refused, ") +
            string.Create(CultureInfo.InvariantCulture, $"each within {longest.TotalSeconds:0.0} s; {result.Words()}"));
        result.NothingFailed(cluster);
    }

    /// <summary>Each service has as many ready replicas as the file says, of its program and its edition, and no other
    /// replica serves.</summary>
    private static Task RunsAsync(ShopCluster cluster, EditedShop shop, string told)
    {
        var due = Sorted(shop.Services.SelectMany(service =>
            Enumerable.Repeat($"{service.Name} {service.Edition}", service.Replicas)));
        var seen = "";
        return Until.SomeAsync(async () =>
        {
            var ready = (await cluster.LookAsync() ?? []).Where(replica => replica.Ready && replica.Pid is not null);
            seen = Sorted(ready.Select(replica => $"{replica.Service} {EditionOf(replica)}"));
            return seen == due && await cluster.StatusAsync() is { Ready: true } or { Rollout.Stage: "rolledBack" }
                ? "" : null;
        }, Patience, () => $"that {due} run; there are {seen}. {told}\n{shop.Text()}\n{Events(cluster)}");
    }

    private static string EditionOf(ReplicaView replica) =>
        ProcessStat.EnvironmentOf(replica.Pid!.Value)
            .FirstOrDefault(text => text.StartsWith("EDITION=", StringComparison.Ordinal))?.Split('=')[1] ?? "gone";

    private static string Sorted(IEnumerable<string> words) => string.Join(", ", words.Order(StringComparer.Ordinal));

    private static string Events(ShopCluster cluster) => cluster.Tail("events.jsonl", 40);
}
