using System.Diagnostics;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>The SQLite store in a process of its own that is killed, or meets a full disk.</summary>
public sealed class StoreCrashTests(ITestOutputHelper output) : IDisposable
{
    private const int Patience = 120_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-crash-").FullName;

    private string StoreFile => Path.Combine(_folder, "store.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact(Timeout = Patience)]
    public async Task Nothing_acknowledged_is_lost_when_the_process_is_killed()
    {
        const ulong seed = 11;
        output.WriteLine($"seed {seed}");
        var rng = new Rng(seed);
        var answers = new List<(string Status, string Key)>();
        for (var round = 0; round < 10; round++)
        {
            using var writer = StoreWriter.Start(StoreFile, round * 10_000);
            var killAfter = answers.Count + 1 + rng.Next(1_500);
            while (await NextAsync(writer) is { } answer)
            {
                answers.Add(answer);
                // What it still managed to say is read to the end: those are acknowledged too.
                if (answers.Count == killAfter) writer.Kill();
            }
            await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
            await CheckAsync(answers);
        }
        Assert.All(answers, answer => Assert.Equal("Ok", answer.Status));
    }

    [Fact(Timeout = Patience)]
    public async Task A_full_disk_loses_nothing_acknowledged_and_keeps_nothing_refused()
    {
        using var writer = StoreWriter.Start(StoreFile, 0, mostKilobytes: 2_048);
        var answers = new List<(string Status, string Key)>();
        while (await NextAsync(writer) is { } answer) answers.Add(answer);
        await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
        output.WriteLine(string.Join(", ", answers.CountBy(answer => answer.Status)));
        Assert.Contains(answers, answer => answer.Status == "Ok");
        Assert.Contains(answers, answer => answer.Status != "Ok");
        await CheckAsync(answers);
    }

    private static async Task<(string Status, string Key)?> NextAsync(Process writer)
    {
        var line = await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        return line?.Split(' ') is [var status, var key] ? (status, key) : null;
    }

    private async Task CheckAsync(List<(string Status, string Key)> answers)
    {
        await using var store = await SqliteStore.OpenAsync(StoreFile, TimeProvider.System);
        var left = (await store.RangeAsync("left/")).Pairs.Select(pair => pair.Key["left/".Length..]).ToHashSet();
        var right = (await store.RangeAsync("right/")).Pairs.Select(pair => pair.Key["right/".Length..]).ToHashSet();
        Assert.Equal(left.Order(), right.Order());
        Assert.DoesNotContain(answers, answer => answer.Status == "Ok" && !left.Contains(answer.Key));
        Assert.DoesNotContain(answers, answer => answer.Status == "Unavailable" && left.Contains(answer.Key));
    }
}
