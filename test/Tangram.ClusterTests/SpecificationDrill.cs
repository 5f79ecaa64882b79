using System.Diagnostics;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>The examples of the Compose Specification whose programs are on every machine, each run as a cluster of its
/// own. That the others are read, or refused with a place, SpecificationTests says.</summary>
[Collection(nameof(Alone))]
public sealed class SpecificationDrill : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-specification-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_can_run_runs()
    {
        var examples = SpecificationExample.All.Where(example => example.Runs).ToArray();
        Assert.True(examples.Length >= 80, $"only {examples.Length} examples can run");
        var begun = TimeProvider.System.GetTimestamp();
        var wrong = new List<string>();
        var drawn = Figures.Drawn(nameof(SpecificationDrill), examples, inCi: 14);
        foreach (var (number, example) in drawn.Index())
            if (await TroubleAsync(example, $"example-{number}") is { } trouble)
                wrong.Add($"{example.Name}: {trouble}");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Figures.Note($"{nameof(SpecificationDrill)}: {drawn.Count} examples of the specification ran and ended, " +
            $"in {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0} s");
    }

    /// <summary>Null when all of it was ready, and went when it was told to.</summary>
    private async Task<string?> TroubleAsync(SpecificationExample example, string name)
    {
        var over = Path.Combine(_folder, $"{name}.yaml");
        await File.WriteAllTextAsync(over, $$"""
            name: {{name}}
            x-tangram: { gateway: { listen: ["http://127.0.0.1:{{FreePort.Take()}}"] } }
            """);
        string[] files = [.. example.Files.Append(over).SelectMany(file => (string[])["-f", file])];
        var (code, printed) = await RunAsync(example, ["up", "--detach", .. files]);
        var (down, left) = await RunAsync(example, ["down", "--volumes", .. files]);
        return code != 0 ? $"up ended with {code}\n{printed}" : down != 0 ? $"down ended with {down}\n{left}" : null;
    }

    private async Task<(int Code, string Printed)> RunAsync(SpecificationExample example, string[] arguments)
    {
        var start = new ProcessStartInfo(ShopCluster.Binary, arguments)
        {
            WorkingDirectory = Path.GetDirectoryName(example.Files[0])!,
        };
        ShopCluster.Surround(start, Path.Combine(_folder, "state"));
        using var child = new Child(start);
        return (await child.EndAsync(Patience), child.Printed);
    }
}
