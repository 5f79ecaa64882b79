using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tangram.Cli;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Observing;
using Tangram.Planning;
using Tangram.Proving;

namespace Tangram.ClusterTests.Kinds;

/// <summary>A cluster that runs a copy of one kind of file. A last file is laid over it with what two clusters on one
/// machine must not share, and with a shorter time of watching.</summary>
internal sealed partial class KindCluster : IAsyncDisposable
{
    private const double Rate = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Longest = TimeSpan.FromMinutes(5);

    private readonly Kind _kind;
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-kind-").FullName;
    private readonly int _port = FreePort.Take();
    private readonly HttpClient _http;
    private string? _mark;

    public KindCluster(Kind kind)
    {
        _kind = kind;
        (Name, Gateway) = ($"{kind.Folder}-{_port}", new Uri($"http://127.0.0.1:{_port}/"));
        _http = new HttpClient { BaseAddress = Gateway, Timeout = TimeSpan.FromSeconds(10) };
        _http.DefaultRequestHeaders.Host = kind.Host;
        var examples = Path.Combine(Repository.Root, "examples", "kinds");
        foreach (var folder in new[] { "programs", kind.Folder }) Copy(examples, folder);
        File.WriteAllText(Path.Combine(_folder, "drill.yaml"), Drill());
    }

    public string Name { get; }
    public Uri Gateway { get; }

    /// <summary>A port that the file publishes, by the number that stands in it.</summary>
    public Dictionary<int, int> Ports { get; } = [];

    private string State => Path.Combine(_folder, "state", Name);
    private IEnumerable<string> Files => _kind.Files.SelectMany(file => (string[])["-f", At(file)]);
    private IEnumerable<string> AllFiles => [.. Files, "-f", Path.Combine(_folder, "drill.yaml")];

    /// <summary>Changes a file of the copy. Each text is there at least once, or not at all when another one
    /// is.</summary>
    public void Edit(string file, params (string From, string To)[] changes)
    {
        var before = File.ReadAllText(At(file));
        var after = changes.Aggregate(before, (text, change) => text.Replace(change.From, change.To));
        Assert.NotEqual(before, after);
        File.WriteAllText(At(file), after);
    }

    /// <summary>The plan of the files as they are for people, without what the drill lays over them.</summary>
    public Task<string> PlanAsync() => OkAsync(["plan", .. Files]);

    public Task<string> DoAsync(string command, params string[] more) => OkAsync([command, .. AllFiles, .. more]);

    public async Task<(int Code, string Printed)> RunAsync(string command, params string[] more)
    {
        using var child = Start([command, .. AllFiles, .. more]);
        return (await child.EndAsync(Patience), child.Printed);
    }

    public async Task UpAsync()
    {
        await DoAsync("up", "--detach");
        _mark = File.ReadAllText(Path.Combine(State, "id")).Trim();
    }

    /// <summary>While there are a few requests, at fixed times. How many there were; none may fail.</summary>
    public async Task<long> UnderLoadAsync(Func<Task> act)
    {
        using var stop = new CancellationTokenSource();
        var load = LoadRun.RunAsync(new LoadOptions
        {
            Url = _kind.Load(this), Rate = Rate, Duration = Longest,
            Headers = _kind.Host is { } host ? [new LoadHeader("Host", host)] : [],
        }, null, TimeProvider.System, stop.Token);
        try
        {
            await act();
        }
        finally
        {
            await stop.CancelAsync();
            await load;
        }
        var result = await load;
        Assert.True(result.Total.Bad == 0 && result.Total.Ok > 0,
            $"{result.Total.Bad} of {result.Total.Sent} failed\n{result.Examples()}\n{Tail()}");
        return result.Total.Sent;
    }

    /// <summary>These replicas are ready, with these versions, and no others are.</summary>
    public async Task RunsAsync(params IReadOnlyList<Running> due)
    {
        var wanted = Sorted(due.SelectMany(r => Enumerable.Repeat($"{r.Service} {r.Version}", r.Replicas)));
        var seen = "";
        await Until.SomeAsync(async () =>
        {
            var ready = (await ReplicasAsync()).Where(r => r is { Ready: true, State: "ready", Pid: not null });
            seen = Sorted(ready.Select(r => $"{r.Service} {VariableOf(r, "VERSION")}"));
            return seen == wanted ? seen : null;
        }, Patience, () => $"that '{wanted}' run; there are '{seen}'\n{Tail()}");
    }

    public async Task<ReplicaView[]> ReplicasAsync()
    {
        using var client = new ClusterClient(
            new ClusterPlace(Name, SocketPlace.Of(Path.Combine(_folder, "state"), Name), State));
        return await client.GetAsync<ReplicaView[]>("/v1/ps", default);
    }

    public async Task<ReplicaView[]> OfAsync(string service) =>
        [.. (await ReplicasAsync()).Where(r => r is { Ready: true } && r.Service == service)];

    public static string? VariableOf(ReplicaView replica, string name) => ProcessStat.EnvironmentOf(replica.Pid!.Value)
        .FirstOrDefault(text => text.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    public Task<HttpResponseMessage> AskAsync(string path, string? token = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null) request.Headers.Authorization = new("Bearer", token);
        return _http.SendAsync(request);
    }

    public async Task<JsonElement> GetAsync(string path) => await JsonAsync(await AskAsync(path));

    public async Task<JsonElement> PostAsync(string path, string json) =>
        await JsonAsync(await _http.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json")));

    /// <summary>What a store keeps under a name.</summary>
    public async Task<string[]> KeptAsync(string path) =>
        [.. (await GetAsync(path)).EnumerateArray().Select(item => item.ToString())];

    /// <summary>Ends it, and sees to it that nothing is left.</summary>
    public async Task DownAsync()
    {
        await DoAsync("down", "--volumes");
        Assert.Empty(Left());
        Assert.Empty(Directory.GetDirectories(State, "volumes", SearchOption.AllDirectories)
            .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder)));
        foreach (var port in Ports.Values.Append(_port))
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
    }

    public string Tail()
    {
        var events = Path.Combine(State, "events.jsonl");
        return File.Exists(events) ? string.Join('\n', File.ReadLines(events).TakeLast(60)) : $"(no {events})";
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Directory.Exists(State)) await RunAsync("down");
        }
        finally
        {
            foreach (var left in Left()) ShopCluster.Kill(left);
            _http.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode,
                $"{response.RequestMessage!.RequestUri}: {(int)response.StatusCode} {text}\n{Tail()}");
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
    }

    /// <summary>Replicas and keepers.</summary>
    private List<int> Left() => _mark is null ? [] :
    [
        .. from process in ProcessStat.All()
           where !process.Ended
           let environment = ProcessStat.EnvironmentOf(process.Pid)
           where environment.Contains($"TANGRAM_CLUSTER_ID={_mark}") || environment.Contains($"TANGRAM_KEEPER={_mark}")
           select process.Pid,
    ];

    private void Copy(string from, string folder)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(from, folder), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(_folder, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllText(copy, Published().Replace(File.ReadAllText(path), match =>
            {
                var port = int.Parse(match.Groups[1].Value);
                if (!Ports.TryGetValue(port, out var free)) Ports[port] = free = FreePort.Take();
                return $"127.0.0.1:{free}:";
            }));
        }
    }

    private string Drill()
    {
        var request = new Tangram.Planning.Composing.ComposeRequest([.. _kind.Files.Select(At)], [], ["*"]);
        var answer = ComposeFile.Load(request, _ => null);
        Assert.True(answer.Spec is not null, string.Join('\n', answer.Problems));
        var services = answer.Spec.Services.Where(s => !s.IsJob).Select(s =>
            $"  {s.Name}: {{ deploy: {{ update_config: {{ monitor: {_kind.Monitor} }}, " +
            $"rollback_config: {{ monitor: {_kind.Monitor} }} }} }}\n");
        return $$"""
            name: {{Name}}
            services:
            {{string.Concat(services)}}
            x-tangram: { gateway: { listen: ["http://127.0.0.1:{{_port}}"] } }
            """;
    }

    private async Task<string> OkAsync(string[] arguments)
    {
        using var child = Start(arguments);
        var code = await child.EndAsync(Patience);
        Assert.True(code == 0, $"tangram {string.Join(' ', arguments)} ended with {code}: {child.Printed}\n{Tail()}");
        return child.Printed;
    }

    private Child Start(string[] arguments)
    {
        var start = new ProcessStartInfo(ShopCluster.Binary, arguments) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, Path.Combine(_folder, "state"));
        return new Child(start);
    }

    private string At(string file) => Path.Combine(_folder, _kind.Folder, file);

    private static string Sorted(IEnumerable<string> words) =>
        string.Join(", ", words.Select(word => word.Trim()).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"127\.0\.0\.1:(\d+):")]
    private static partial Regex Published();
}
