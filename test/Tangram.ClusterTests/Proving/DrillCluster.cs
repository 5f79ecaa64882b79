using System.Diagnostics;
using System.Globalization;
using Tangram.Cli;
using Tangram.ClusterTests.BadInput;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Observing;
using Tangram.Proving.Drills;

namespace Tangram.ClusterTests.Proving;

/// <summary>A small service on a cluster of its own, on which drills are held as their user holds them.</summary>
internal sealed class DrillCluster : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60), DrillWithin = TimeSpan.FromSeconds(120);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-drills-").FullName;
    private readonly List<Child> _drills = [];
    private readonly string _name = $"drills-{FreePort.Take()}";
    private readonly string _file, _gateway = $"127.0.0.1:{FreePort.Take()}";

    private DrillCluster(int replicas, bool wrong, int nodesPerZone, bool https)
    {
        _file = WebService.Write(_folder, _name, _gateway, replicas);
        var nodes = nodesPerZone == 1 ? "" : $"  nodes_per_zone: {nodesPerZone}\n";
        var text = File.ReadAllText(_file).Replace("x-tangram:\n  gateway:", "x-tangram:\n  zones: [a, b, c]\n" +
            $"{nodes}  objectives: {{ availability: 99.9%, recovery_time: 30s }}\n  gateway:");
        if (https)
            text = text.Replace($"[\"http://{_gateway}\"]",
                $"[\"http://{_gateway}\", \"https://127.0.0.1:{HttpsPort}\"]");
        // No probe, and a program that takes its time to start.
        File.WriteAllText(_file, !wrong ? text : text.Replace("      probe: http:/\n", "")
            .Replace("command: [", "command: [/bin/sh, -c, 'sleep 3; exec \"$$@\"', sh, "));
    }

    /// <summary>Its state stands below.</summary>
    public string Folder => _folder;

    public static async Task<DrillCluster> ReadyAsync(
        int replicas = 6, bool wrong = false, int nodesPerZone = 1, bool https = false)
    {
        var cluster = new DrillCluster(replicas, wrong, nodesPerZone, https);
        try
        {
            using var up = cluster.Start("up", "--detach", "-f", cluster._file);
            Assert.True(await up.EndAsync(ReadyWithin) == 0, up.Printed);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where the gateway listens too, if it was asked to.</summary>
    public int HttpsPort { get; } = FreePort.Take();

    public Uri Url => new($"http://{_gateway}/");

    /// <summary>Starts a drill and does not wait for its end.</summary>
    public Child Drill(params string[] arguments)
    {
        var child = Start(["drill", .. arguments, "-f", _file]);
        _drills.Add(child);
        return child;
    }

    public Task<(int Code, string Printed)> EndedAsync(params string[] arguments) =>
        PrintedAsync(["drill", .. arguments]);

    /// <summary>A command on this cluster, to its end.</summary>
    public async Task<(int Code, string Printed)> PrintedAsync(params string[] arguments)
    {
        using var child = Start([.. arguments, "-f", _file]);
        return (await child.EndAsync(DrillWithin), child.Printed);
    }

    /// <summary>Holds a drill to its end.</summary>
    public async Task<(int Code, DrillResult Result)> HeldAsync(params string[] arguments)
    {
        var (code, printed) = await EndedAsync([.. arguments, "--json"]);
        Assert.True(printed.Contains("\"verdict\""), printed);
        return (code, DrillJson.Read(printed[printed.IndexOf('{')..]));
    }

    /// <summary>Its file with one more line of x-tangram.</summary>
    public async Task DeployAsync(string line)
    {
        File.WriteAllText(_file, File.ReadAllText(_file).Replace("  zones: [a, b, c]\n",
            $"  zones: [a, b, c]\n  {line}\n"));
        var (code, printed) = await PrintedAsync("deploy");
        Assert.True(code == 0, printed);
    }

    public string Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        File.WriteAllText(path, text);
        return path;
    }

    public Task<ReplicaView[]?> PsAsync() => AskAsync<ReplicaView[]>("/v1/ps");
    public Task<StatusView?> StatusAsync() => AskAsync<StatusView>("/v1/status");

    /// <summary>All that its gateway has answered.</summary>
    public async Task<double> RequestsAsync()
    {
        using var client = Client();
        var metrics = await client.SendAsync(HttpMethod.Get, "/metrics", null, default);
        return metrics.Split('\n').Where(line => line.StartsWith("tangram_gateway_requests_total{"))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    public async Task PostAsync(string path)
    {
        using var client = Client();
        await client.PostAsync(path, null, default);
    }

    public async Task<EventView[]> EventsAsync(long after) =>
        await AskAsync<EventView[]>($"/v1/events?after={after}") ?? [];

    public ClusterClient Client() => new(new ClusterPlace(_name, SocketPlace.Of(_folder, _name), null));

    public async ValueTask DisposeAsync()
    {
        foreach (var drill in _drills)
        {
            await drill.KillAsync();
            drill.Dispose();
        }
        using (var down = Start("down", "-f", _file)) await down.EndAsync(ReadyWithin);
        // What was killed may have started others, such as a drill of `prove`: they would write here later.
        var marks = new List<string> { $"TANGRAM_STATE={_folder}" };
        var id = Path.Combine(_folder, _name, "id");
        if (File.Exists(id)) marks.Add($"TANGRAM_CLUSTER_ID={await File.ReadAllTextAsync(id)}".Trim());
        foreach (var left in ProcessStat.All())
            if (!left.Ended && ProcessStat.EnvironmentOf(left.Pid).Intersect(marks).Any()) ShopCluster.Kill(left.Pid);
        Directory.Delete(_folder, recursive: true);
    }

    private Child Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(ShopCluster.Binary, arguments) { WorkingDirectory = _folder };
        ShopCluster.Surround(start, _folder);
        return new Child(start);
    }

    private async Task<T?> AskAsync<T>(string path) where T : class
    {
        try
        {
            using var client = Client();
            return await client.GetAsync<T>(path, default);
        }
        catch (Exception e) when (e is CommandFailure or IOException) { return null; }
    }
}
