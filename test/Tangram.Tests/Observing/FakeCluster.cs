using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

/// <summary>A cluster without replicas: a store in memory, and a note of what was asked of the rest.</summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    private readonly MemoryStore _memory = new(TimeProvider.System);
    private Action<ClusterState> _listener = _ => { };

    public FakeCluster(params CommitFault?[] faults)
    {
        Store = new FaultyAnswers(_memory, faults);
        Events = EventLog.At(Path.Combine(Folder, "events.jsonl"), TimeProvider.System);
        Port = new ClusterPort
        {
            Cluster = "shop", Store = Store, State = () => State, Events = Events,
            Listen = listener => _listener = listener, Stale = () => Stale, Readings = () => Readings,
            Traffic = () => [.. Traffic], Metrics = () => Metrics,
            Prepare = (spec, _) => Task.FromResult<(ClusterSpec?, string?)>(
                spec.Services.Any(s => s.Files == "/missing") ? (null, "the folder /missing is not there")
                    : (spec, null)),
            Kill = (subject, time) =>
                Note($"kill {subject} {time}", subject == "nobody" ? "nothing is named nobody" : null),
            Revive = node => Note($"revive {node}", null),
            Down = () => Note("down", null), Leave = () => Note("leave", null),
            Hash = spec => (spec, null),
            Refusals = service => [$"no node takes one more {service}"],
        };
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("tangram-fake-").FullName;
    public FaultyAnswers Store { get; }
    public EventLog Events { get; }
    public ClusterPort Port { get; }
    public List<string> Done { get; } = [];
    public StaleView? Stale { get; set; }
    public Dictionary<string, ReplicaReading> Readings { get; } = [];
    public List<GatewayTrafficView> Traffic { get; } = [];
    public string? Metrics { get; set; }

#pragma warning disable VSTHRD002 // A range over memory completes at once.
    public ClusterState State => ClusterState.From(_memory.RangeAsync("").GetAwaiter().GetResult());
#pragma warning restore VSTHRD002

    public async Task PutAsync(Documents documents)
    {
        foreach (var pair in documents.Pairs)
            await _memory.CommitAsync(new Txn { Then = [new StoreOp.Put(pair.Key, pair.Value)] });
        _listener(State);
    }

    public async ValueTask DisposeAsync()
    {
        Events.Dispose();
        await _memory.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private string? Note(string what, string? refusal)
    {
        lock (Done) Done.Add(what);
        return refusal;
    }
}
