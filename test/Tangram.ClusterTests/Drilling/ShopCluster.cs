using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tangram.Cli;
using Tangram.Deploying;
using Tangram.Observing;

namespace Tangram.ClusterTests.Drilling;

/// <summary>The shop, run by the built binary as its user runs it, with a state folder, a gateway port and a name of
/// its own, so that nothing else on the machine is touched.</summary>
internal sealed class ShopCluster : IAsyncDisposable
{
    private static readonly TimeSpan CommandPatience = TimeSpan.FromSeconds(60), ReadyWithin = TimeSpan.FromSeconds(90);
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;

    private static readonly string Examples = Path.Combine(Repository.Root, "examples", "shop");

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-drill-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly List<Child> _daemons = [];
    private string _file;

    private ShopCluster(Func<string, string> edit)
    {
        var port = FreePort.Take();
        Name = $"drill-{port}";
        Gateway = new Uri($"http://127.0.0.1:{port}/");
        foreach (var path in Directory.EnumerateFiles(Examples, "compose*.yaml"))
            Write(Path.GetFileName(path), edit(File.ReadAllText(path)));
        _file = Copy("compose.yaml");
    }

    public static ShopCluster Given(Func<string, string>? edit = null) => new(edit ?? (text => text));

    /// <summary>Given a shop that runs and is ready.</summary>
    public static async Task<ShopCluster> ReadyAsync()
    {
        var cluster = Given();
        try
        {
            cluster.Up("compose.yaml");
            await cluster.BecomesReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public string Name { get; }
    public Uri Gateway { get; }

    /// <summary>The mark of this cluster's processes.</summary>
    public string Mark => $"TANGRAM_CLUSTER_ID={File.ReadAllText(Path.Combine(State, "id")).Trim()}";
    public string State => Path.Combine(_folder, Name);
    public Child Daemon => _daemons[^1];
    private string Executions => Path.Combine(_folder, "executions");
    private ClusterClient Client => new(new ClusterPlace(Name, SocketPlace.Of(_folder, Name), State));

    /// <summary>Writes a file like the shop's, with the name, programs and port of this cluster.</summary>
    public void Write(string file, string text) => File.WriteAllText(Copy(file), text
        .Replace("name: shop", $"name: {Name}")
        .Replace("files: bin/", $"files: {Examples}/bin/")
        .Replace("127.0.0.1:8080", $"127.0.0.1:{Gateway.Port}")
        .Replace("LATENCY_MS: \"5\"", $"LATENCY_MS: \"5\", EXECUTIONS: \"{Executions}\""));

    /// <summary>Starts a daemon in the foreground of a child process.</summary>
    public void Up(string file, params string[] options)
    {
        _file = Copy(file);
        _daemons.Add(Start(["up", "-f", _file, .. options]));
    }

    public async Task BecomesReadyAsync() => await Until.SomeAsync(async () =>
    {
        Assert.False(Daemon.HasEnded, Daemon.Printed);
        return await StatusAsync() is { Ready: true } status ? status : null;
    }, ReadyWithin, () => $"ready. The daemon printed:\n{Daemon.Printed}\n{Tail("events.jsonl", 40)}");

    /// <summary>Runs one command to its end.</summary>
    public async Task<(int Code, string Printed)> RunAsync(params string[] arguments)
    {
        using var child = Start([.. arguments, "-f", _file]);
        var code = await child.EndAsync(CommandPatience);
        return (code, child.Printed);
    }

    /// <summary>Runs one command that must succeed.</summary>
    public async Task<string> DoAsync(params string[] arguments)
    {
        var (code, printed) = await RunAsync(arguments);
        Assert.True(code == 0, $"tangram {string.Join(' ', arguments)} ended with {code}: {printed}");
        return printed;
    }

    /// <summary>Starts a line as it is typed into a shell, in the folder of the file.</summary>
    public Child Type(string line)
    {
        var start = new ProcessStartInfo("bash", ["-c", line]) { WorkingDirectory = _folder };
        Surround(start, _folder);
        start.Environment["PATH"] = $"{Path.GetDirectoryName(Binary)}:{start.Environment["PATH"]}";
        return new Child(start);
    }

    /// <summary>Starts a deploy and does not wait for its end.</summary>
    public Child Deploy(string file, params string[] options) => Start(["deploy", "-f", Copy(file), .. options]);

    public async Task<ReplicaView[]> PsAsync() => ViewJson.Read<ReplicaView[]>(await DoAsync("ps", "--json"));

    /// <summary>The same as <see cref="PsAsync"/> without a process of its own, for those who look often. Null while no
    /// daemon answers.</summary>
    public Task<ReplicaView[]?> LookAsync() => AskAsync<ReplicaView[]>("/v1/ps");
    public Task<StatusView?> StatusAsync() => AskAsync<StatusView>("/v1/status");

    /// <summary>What each ready replica of order says of its own binary.</summary>
    public async Task<string[]> VersionsAsync()
    {
        var versions = new List<string>();
        foreach (var replica in (await PsAsync()).Where(r => r is { Service: "order", Ready: true }))
        {
            using var json = JsonDocument.Parse(await _http.GetStringAsync($"http://127.0.0.1:{replica.Port}/version"));
            versions.Add(json.RootElement.GetProperty("version").GetString()!);
        }
        return [.. versions];
    }

    /// <summary>The ids of POSTs that replicas noted, one per execution.</summary>
    public string[] Executed() => File.Exists(Executions)
        ? [.. File.ReadLines(Executions).Select(line => line.Split(' ')[0])]
        : [];

    /// <summary>The processes that carry this cluster's mark and run.</summary>
    public List<ProcessStat> Processes()
    {
        var mark = Mark;
        return [.. ProcessStat.All().Where(p => !p.Ended && ProcessStat.EnvironmentOf(p.Pid).Contains(mark))];
    }

    public string Tail(string file, int lines)
    {
        var path = Path.Combine(State, file);
        return File.Exists(path) ? string.Join('\n', File.ReadLines(path).TakeLast(lines)) : $"(no {path})";
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Directory.Exists(State)) await RunAsync("down");
        }
        finally
        {
            foreach (var daemon in _daemons)
            {
                await daemon.KillAsync();
                daemon.Dispose();
            }
            if (File.Exists(Path.Combine(State, "id")))
                foreach (var left in Processes()) Kill(left.Pid);
            _http.Dispose();
            Keep();
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>SIGKILL. One that has gone already is fine.</summary>
    public static bool Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The environment of every program that a drill starts.</summary>
    public static void Surround(ProcessStartInfo start, string state)
    {
        start.Environment["TANGRAM_STATE"] = state;
        start.Environment.Remove("TANGRAM_HOST");
        start.Environment["DOTNET_ROOT"] = RuntimeRoot;
    }

    /// <summary>Compiled ahead of time, as users run it.</summary>
    public static string Binary { get; } =
        Path.Combine(Repository.Root, "artifacts", "ahead", Configuration, "tangram");

    /// <summary>The binary looks for the runtime in the usual folders only; we may run on another.</summary>
    public static string RuntimeRoot { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    private Child Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Binary, arguments) { WorkingDirectory = _folder };
        Surround(start, _folder);
        return new Child(start);
    }

    private async Task<T?> AskAsync<T>(string path) where T : class
    {
        using var client = Client;
        try { return await client.GetAsync<T>(path, default); }
        catch (CommandFailure) { return null; }
    }

    private string Copy(string file) => Path.Combine(_folder, file);

    /// <summary>A failure is looked into with what the cluster wrote: TANGRAM_KEEP names a folder for it.</summary>
    private void Keep()
    {
        if (Environment.GetEnvironmentVariable("TANGRAM_KEEP") is not { Length: > 0 } folder) return;
        var kept = Directory.CreateDirectory(Path.Combine(folder, Name)).FullName;
        foreach (var daemon in _daemons.Select((d, i) => (d.Printed, i)))
            File.WriteAllText(Path.Combine(kept, $"daemon-{daemon.i}.log"), daemon.Printed);
        foreach (var path in Directory.GetFiles(State, "*.jsonl"))
            File.Copy(path, Path.Combine(kept, Path.GetFileName(path)), overwrite: true);
    }
}
