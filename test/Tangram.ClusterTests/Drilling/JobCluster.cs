using System.Diagnostics;
using Tangram.Cli;
using Tangram.Observing;

namespace Tangram.ClusterTests.Drilling;

/// <summary>A small cluster of jobs, run by the built binary. Each job writes a line into a file when it is
/// started.</summary>
internal sealed class JobCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-jobs-").FullName;
    private readonly string _name;
    private readonly int _port = FreePort.Take();
    private Child? _daemon;

    public JobCluster() => _name = $"jobs-{_port}";

    /// <summary>Where jobs write; NOTES in a file's text stands for it.</summary>
    public string Notes => Path.Combine(_folder, "notes");

    private string File => Path.Combine(_folder, "compose.yaml");

    /// <summary>The lines that jobs wrote.</summary>
    public string[] Lines() => System.IO.File.Exists(Notes) ? System.IO.File.ReadAllLines(Notes) : [];

    public void Write(string services) => System.IO.File.WriteAllText(File, $$"""
        name: {{_name}}
        services:
        {{services.Replace("NOTES", Notes)}}
        x-tangram:
          zones: [a, b]
          gateway: { listen: ["http://127.0.0.1:{{_port}}"] }
        """);

    public void Up() => _daemon = Start("up", "-f", File);

    public Task KillDaemonAsync() => _daemon!.KillAsync();

    public async Task<(int Code, string Printed)> RunAsync(params string[] arguments)
    {
        using var child = Start([.. arguments, "-f", File]);
        return (await child.EndAsync(Patience), child.Printed);
    }

    public async Task<JobView?> LookAsync(string job)
    {
        using var client = new ClusterClient(
            new ClusterPlace(_name, SocketPlace.Of(_folder, _name), Path.Combine(_folder, _name)));
        try
        {
            return (await client.GetAsync<JobView[]>("/v1/jobs", default)).SingleOrDefault(j => j.Job == job);
        }
        catch (CommandFailure) { return null; }
    }

    public Task<JobView> BecomesAsync(string job, Func<JobView, bool> so) => Until.SomeAsync(
        async () => await LookAsync(job) is { } found && so(found) ? found : null, Patience,
        () => $"{job} becomes so. The daemon printed:\n{_daemon!.Printed}\n" + Tail());

    public Task LinesAsync(int count) => Until.SomeAsync(
        () => Task.FromResult(Lines() is { } lines && lines.Length >= count ? lines : null), Patience,
        () => $"{count} lines, but: {string.Join(" | ", Lines())}\n" + Tail());

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Path.Combine(_folder, _name))) await RunAsync("down");
        if (_daemon is not null) await _daemon.KillAsync();
        _daemon?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Tail()
    {
        var events = Path.Combine(_folder, _name, "events.jsonl");
        return System.IO.File.Exists(events) ? string.Join('\n', System.IO.File.ReadLines(events).TakeLast(40)) : "";
    }

    private Child Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(ShopCluster.Binary, arguments) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, _folder);
        return new Child(start);
    }
}
