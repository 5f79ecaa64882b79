using System.Diagnostics;
using System.Globalization;

namespace Tangram.ClusterTests.Drilling;

/// <summary>The repository as somebody clones it, with a state folder of its own. The example's port may be taken here,
/// so the clone has another one.</summary>
internal sealed class FreshClone : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-clone-").FullName;
    private readonly string _port;

    private FreshClone() => _port = Port.ToString(CultureInfo.InvariantCulture);

    public int Port { get; } = FreePort.Take();

    public string Root => Path.Combine(_folder, "tangram");

    public static async Task<FreshClone> MakeAsync()
    {
        Needs.Program("git");
        Needs.That(Path.Exists(Path.Combine(Repository.Root, ".git")),
            "needs the repository's history: these sources are no clone");
        var clone = new FreshClone();
        using (var git = new Child(clone.Start("git", "clone", "--quiet", Repository.Root, clone.Root)))
            Assert.True(await git.EndAsync(Patience) == 0, git.Printed);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(clone.Root, "examples", "shop"), "compose*.yaml"))
            await File.WriteAllTextAsync(file, clone.Here(await File.ReadAllTextAsync(file)));
        return clone;
    }

    /// <summary>What is written for port 8080, for the port of this clone; and back.</summary>
    public string Here(string text) => text.Replace(":8080", ":" + _port, StringComparison.Ordinal);
    public string AsWritten(string text) => text.Replace(":" + _port, ":8080", StringComparison.Ordinal);

    /// <summary>Runs the launcher to its end.</summary>
    public async Task<(int Code, string Printed)> TangramAsync(params string[] arguments)
    {
        var start = Start(Path.Combine(Root, "tangram"), arguments);
        start.WorkingDirectory = Root;
        using var child = new Child(start);
        var code = await child.EndAsync(Patience);
        return (code, child.Printed);
    }

    /// <summary>A program with the environment of this clone.</summary>
    public ProcessStartInfo Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, Path.Combine(_folder, "state"));
        // Build servers would outlive the test, in a folder that is gone.
        (start.Environment["MSBUILDDISABLENODEREUSE"], start.Environment["UseSharedCompilation"]) = ("1", "false");
        return start;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
