using System.Collections.Frozen;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>For practice: replicas that new connections reach by way of another port of this machine, where somebody
/// holds up, changes or swallows what passes. Each is a lease: when nobody renews it, connections go directly again.
/// Thread-safe.</summary>
internal sealed class Detours : IDisposable
{
    /// <summary>Whoever dies must not be missed for longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private const string Here = "127.0.0.1";

    private sealed record Detour(int Port, Instant Until)
    {
        public string Authority { get; } = $"{Here}:{Port}";
    }

    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly ITimer _ending;
    private readonly Action<ReplicaName, string> _turned;

    /// <summary>Replaced whole. Null as long as there is none, which is all that a connection pays for it.</summary>
    private FrozenDictionary<ReplicaName, Detour>? _all;

    /// <param name="turned">Called when a detour has begun, changed or ended, with what to say of it.</param>
    public Detours(TimeProvider time, Action<ReplicaName, string> turned)
    {
        (_time, _turned) = (time, turned);
        _ending = time.CreateTimer(_ => End(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private Instant Now => new(_time.GetElapsedTime(0).Ticks);

    /// <summary>Where a new connection to it goes.</summary>
    public (string Host, int Port) To(Backend backend) => Of(backend) is { } detour
        ? (Here, detour.Port) : (backend.Host, backend.Port);

    /// <summary>For clients that keep connections by their URL: it differs, so none from before is used.</summary>
    public string UrlOf(Backend backend) => Of(backend) is { } detour
        ? $"{(backend.Tls is null ? "http" : "https")}://{detour.Authority}" : backend.Url;

    /// <summary>Begins or renews it; zero ends it.</summary>
    public void Lead(ReplicaName replica, int port, TimeSpan lasts)
    {
        bool isNew;
        lock (_gate)
        {
            var all = Copy();
            var before = all.GetValueOrDefault(replica);
            if (lasts > TimeSpan.Zero) all[replica] = new Detour(port, Now + lasts);
            else if (!all.Remove(replica)) return;
            isNew = lasts == TimeSpan.Zero || before?.Port != port;
            Replace(all);
        }
        if (isNew)
            _turned(replica, lasts == TimeSpan.Zero ? Directly : $"for practice reached by way of {Here}:{port}");
    }

    public void Dispose() => _ending.Dispose();

    private const string Directly = "reached directly again";

    private Detour? Of(Backend backend) => Volatile.Read(ref _all)?.GetValueOrDefault(backend.Replica);

    private void End()
    {
        ReplicaName[] over;
        lock (_gate)
        {
            var (all, now) = (Copy(), Now);
            over = [.. all.Where(one => one.Value.Until <= now).Select(one => one.Key).Order()];
            foreach (var replica in over) all.Remove(replica);
            Replace(all);
        }
        foreach (var replica in over) _turned(replica, $"{Directly}: whoever led the way is gone");
    }

    private Dictionary<ReplicaName, Detour> Copy() => new(_all ?? FrozenDictionary<ReplicaName, Detour>.Empty);

    private void Replace(Dictionary<ReplicaName, Detour> all)
    {
        Volatile.Write(ref _all, all.Count == 0 ? null : all.ToFrozenDictionary());
        if (all.Count == 0) return;
        var next = all.Values.Min(one => one.Until) - Now;
        // A timer may come early by less than its step.
        _ending.Change(next > TimeSpan.Zero ? next + TimeSpan.FromMilliseconds(1) : TimeSpan.FromMilliseconds(1),
            Timeout.InfiniteTimeSpan);
    }
}
