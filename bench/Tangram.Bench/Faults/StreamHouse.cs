using System.Diagnostics;
using System.Globalization;
using Tangram.Bench.Gateway;
using Tangram.Cli;
using Tangram.Observing;
using Tangram.Proving.Faults;

namespace Tangram.Bench.Faults;

/// <summary>A cluster of one replica on this machine, and a process that holds a fault.</summary>
internal sealed class StreamHouse : IDisposable
{
    private const string Cluster = "faultsbench";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder;
    private readonly Peer _up;
    private Process? _holder;

    private StreamHouse(string folder, Peer up, ReplicaView replica) =>
        (_folder, _up, Replica) = (folder, up, replica);

    public ReplicaView Replica { get; }
    public int Direct => Replica.Port!.Value;
    public int Gateway => _up.Port;

    private static string Tangram => Path.Combine(AppContext.BaseDirectory, "../../Tangram/release/tangram");
    private string Socket => SocketPlace.Of(_folder, Cluster);

    public static async Task<StreamHouse> StartAsync()
    {
        var (folder, port) = (Directory.CreateTempSubdirectory("tangram-faults-").FullName, Peer.FreePort());
        var file = Path.Combine(folder, "compose.yaml");
        File.WriteAllText(file, $$"""
            name: {{Cluster}}
            services:
              web:
                command: ["{{Environment.ProcessPath}}", stream-replica]
                stop_grace_period: 1s
                x-tangram: { probe: "http:/healthz", route: { path: / } }
            x-tangram: { gateway: { listen: ["http://127.0.0.1:{{port}}"] } }
            """);
        var up = await Peer.StartAsync("tangram", port, folder, Tangram, "up", "-f", file);
        var replicas = ViewJson.Read<ReplicaView[]>(PlainRequest.Get(SocketPlace.Of(folder, Cluster), "/v1/ps").Body);
        return new StreamHouse(folder, up, replicas[0]);
    }

    /// <summary>Starts a holder and tells it to inject; returns the port by way of which the replica is reached, a
    /// moment before it strikes, and what the holder says when it has struck.</summary>
    public async Task<(int Port, Task<string> Struck)> InjectAsync(FaultKind kind, ImpairmentSpec spec, ulong seed)
    {
        _holder = Process.Start(new ProcessStartInfo(Tangram,
            [FaultHolder.Command, Cluster, Socket, Path.Combine(_folder, Cluster)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        Demand(FaultWord.Holds, await _holder.StandardOutput.ReadLineAsync());
        var after = Events(0).LastOrDefault()?.Number ?? 0;
        var struck = new StruckReplica(Replica.Replica, Replica.Service, Replica.Node, Replica.Pid!.Value, 0, 0)
        {
            Port = Replica.Port,
        };
        _holder.StandardInput.WriteLine(FaultJson.Write(new FaultOrder(0, false, kind, Replica.Replica,
            TimeSpan.FromMinutes(2), [struck], []) { Impairment = spec, Seed = seed }));
        var told = HearAsync(FaultWord.Injected);
        var way = (await FoundAsync(() => Events(after).FirstOrDefault(e => e.What.Contains("by way of"))))!;
        return (int.Parse(way.What[(way.What.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture), told);
    }

    /// <summary>Ends it, and returns what the holder measured.</summary>
    public async Task<string> RevertAsync()
    {
        _holder!.StandardInput.WriteLine(FaultJson.Write(new FaultOrder(0, true, default, "", TimeSpan.Zero, [], [])));
        var said = await HearAsync(FaultWord.Reverted);
        _holder.StandardInput.Close();
        await _holder.WaitForExitAsync();
        _holder.Dispose();
        _holder = null;
        return said;
    }

    /// <summary>SIGKILL. Returns how long it takes until the gateway says that it goes directly again.</summary>
    public async Task<TimeSpan> KillAsync()
    {
        var after = Events(0)[^1].Number;
        var begun = Stopwatch.GetTimestamp();
        _holder!.Kill();
        await FoundAsync(() => Events(after).FirstOrDefault(e => e.What.Contains("directly again")));
        var took = Stopwatch.GetElapsedTime(begun);
        await _holder.WaitForExitAsync();
        _holder.Dispose();
        _holder = null;
        return took;
    }

    public void Dispose()
    {
        if (_holder is { HasExited: false }) _holder.Kill();
        _holder?.Dispose();
        var file = Path.Combine(_folder, "compose.yaml");
        using (var down = Process.Start(new ProcessStartInfo(Tangram, ["down", "-f", file])
        {
            Environment = { ["TANGRAM_STATE"] = _folder }, RedirectStandardOutput = true, RedirectStandardError = true,
        })!) down.WaitForExit();
        _up.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private EventView[] Events(long after) =>
        ViewJson.Read<EventView[]>(PlainRequest.Get(Socket, $"/v1/events?after={after}").Body);

    private static async Task<T?> FoundAsync<T>(Func<T?> look) where T : class
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < Patience;
            await looks.WaitForNextTickAsync())
            if (look() is { } found) return found;
        throw new InvalidOperationException("what was waited for did not come");
    }

    private async Task<string> HearAsync(FaultWord word) => Demand(word, await _holder!.StandardOutput.ReadLineAsync());

    private static string Demand(FaultWord word, string? line) =>
        line is not null && FaultJson.Answer(line) is var answer && answer.Word == word ? answer.What
            : throw new InvalidOperationException($"{word} was expected, and the holder said: {line}");
}
