using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Kinds;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>The files of examples/kinds, as people have them: each planned, run, changed and rolled back.</summary>
[Collection(nameof(Alone))]
public sealed class KindsDrill
{
    private static readonly Lazy<IReadOnlyList<Kind>> Drawn =
        new(() => Figures.Drawn(nameof(KindsDrill), [.. Kind.All], inCi: 4));

    public static TheoryData<string> Folders => [.. Drawn.Value.Select(kind => kind.Folder)];

    [Fact]
    public void Each_folder_has_its_drill() => Assert.Equal(
        Directory.GetDirectories(Path.Combine(Repository.Root, "examples", "kinds")).Select(Path.GetFileName)
            .Where(folder => folder != "programs").Order(StringComparer.Ordinal),
        Kind.All.Select(kind => kind.Folder).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Folders))]
    public async Task It_is_planned_run_changed_and_rolled_back(string folder)
    {
        Needs.Program("python3");
        Needs.Program("curl");
        var kind = Kind.All.Single(k => k.Folder == folder);
        var begun = TimeProvider.System.GetTimestamp();
        await using var cluster = new KindCluster(kind);

        // Given the file as it is, when it is planned, then all that it runs would be started
        var would = (await cluster.PlanAsync()).Split('\n').First(line => line.StartsWith("would start: "));
        Assert.All(kind.Before, running => Assert.Contains(running.Service, would));

        // When it is up, then it is as the file says
        await cluster.UpAsync();
        await cluster.RunsAsync(kind.Before);
        await kind.UpAsync(cluster);
        Assert.Contains("nothing to change", await cluster.DoAsync("deploy"));

        // When it is changed under load, then the change is in force
        var changing = await cluster.UnderLoadAsync(async () =>
        {
            kind.Change(cluster);
            Assert.Contains("would move every replica of: ", await cluster.DoAsync("plan", kind.Options));
            await Task.WhenAll(cluster.DoAsync("deploy", kind.Options), kind.MeanwhileAsync(cluster));
            await cluster.RunsAsync(kind.After);
            await kind.ChangedAsync(cluster);
        });

        // When it is rolled back, then all is as before
        var back = await cluster.UnderLoadAsync(async () =>
        {
            await cluster.DoAsync("rollback");
            await cluster.RunsAsync(kind.Before);
            await kind.BackAsync(cluster);
        });

        // When it is taken down, then nothing is left
        await cluster.DownAsync();
        Figures.Note(FormattableString.Invariant($"{nameof(KindsDrill)}: {folder}: ") +
            FormattableString.Invariant($"{TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0.0} s, ") +
            $"{changing + back} requests, none failed");
    }
}
