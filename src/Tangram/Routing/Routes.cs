using System.Collections.Concurrent;
using Tangram.Model;
using Tangram.Routing.Http1;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>A backend in which the request is counted already.</summary>
internal readonly record struct Choice(RoutedService Service, Backend Backend, Lifelines Lines)
{
    /// <summary>Fires when the backend's node is declared dead.</summary>
    public CancellationToken Abandon => Lines.Abandon;

    /// <summary>Fires when no connection to the backend comes about any more.</summary>
    public CancellationToken Unreachable => Lines.Unreachable;
}

/// <summary>The table in force, and what hangs on its backends.</summary>
/// <param name="connections">Makes the room for a backend's connections.</param>
internal sealed class Routes(TimeProvider time, ulong seed, Detours detours, Func<BackendPool> connections)
{
    private readonly ConcurrentDictionary<BackendCounters, Lifelines> _lifelines = [];
    private RouteTable _table = RouteTable.Empty;
    private TaskCompletionSource _published = NewPublished();
    private ulong _chance = seed;

    public RouteTable Table => Volatile.Read(ref _table);
    public Instant Now => new(time.GetElapsedTime(0).Ticks);

    /// <summary>Of what nobody outside shall be able to guess.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The ways to backends that are not straight.</summary>
    public Detours Detours => detours;

    /// <summary>A new random number.</summary>
    public ulong Chance() => RequestKey.Of([], NextChance());
    public ulong NextChance() => Interlocked.Add(ref _chance, 0x9E3779B97F4A7C15UL);

    /// <summary>Completes when the next table is published.</summary>
    public Task Published => Volatile.Read(ref _published).Task;

    /// <summary>A draining replica has answered its last request.</summary>
    public event Action<ReplicaName>? BecameIdle;

    /// <summary>Only one caller at a time.</summary>
    public void Publish(RouteTable table)
    {
        Interlocked.Exchange(ref _table, table);
        foreach (var dead in table.Abandoned)
            if (_lifelines.TryRemove(dead.Counters, out var lines)) lines.Cut();
        var known = table.All().Select(b => b.Counters).ToHashSet();
        foreach (var counters in _lifelines.Keys)
            if (!known.Contains(counters) && _lifelines.TryRemove(counters, out var gone)) gone.Pool.Close();
        Interlocked.Exchange(ref _published, NewPublished()).TrySetResult();
    }

    /// <summary>Counts in first and looks at the table again afterwards; a publisher replaces the table first and looks
    /// at the counters afterwards. Both are full fences, so one of the two sees the other, and no request is on its way
    /// to a draining backend that was reported idle.</summary>
    /// <param name="side">Where there are backends of it left, they come first.</param>
    public Choice? Choose(
        ServiceName name, ref readonly Tried tried, in Affinity affinity = default,
        RevisionSide side = RevisionSide.Any)
    {
        while (true)
        {
            var table = Table;
            if (table.Find(name) is not { } service) return null;
            var chance = NextChance();
            if ((Balancer.Pick(RevisionSides.Of(service, side), in tried, chance, Now, in affinity)
                ?? (side == RevisionSide.Any ? null : Balancer.Pick(service, in tried, chance, Now, in affinity)))
                is not { } backend) return null;
            backend.Counters.Enter();
            var lines = _lifelines.TryGetValue(backend.Counters, out var known)
                ? known
                : _lifelines.GetOrAdd(backend.Counters, new Lifelines(connections()));
            if (ReferenceEquals(table, Table)) return new Choice(service, backend, lines);
            Leave(backend);
        }
    }

    public void Leave(Backend backend)
    {
        if (backend.Counters.Leave() > 0) return;
        foreach (var unrouted in Table.Unrouted)
            if (unrouted.Intent == Intent.Drain && ReferenceEquals(unrouted.Counters, backend.Counters))
                BecameIdle?.Invoke(unrouted.Replica);
    }

    /// <summary>No connection to it comes about: what it owes an answer and is safe to repeat goes elsewhere, and so do
    /// new requests, until one gets through.</summary>
    public void Lose(Backend backend)
    {
        if (Table.Find(backend.Service) is { } service)
            Ejection.Report(service, backend, AttemptOutcome.NeverSent, Now);
        if (_lifelines.TryGetValue(backend.Counters, out var lines)) lines.LoseTouch();
    }

    /// <summary>The way to it has changed: see <see cref="BackendPool.Turn"/>.</summary>
    public void Turn(ReplicaName replica)
    {
        foreach (var backend in Table.All())
            if (backend.Replica == replica && _lifelines.TryGetValue(backend.Counters, out var lines))
                lines.Pool.Turn();
    }

    /// <summary>No connection to a backend waits for another request.</summary>
    public void Close()
    {
        foreach (var lines in _lifelines.Values) lines.Pool.Close();
    }

    private static TaskCompletionSource NewPublished() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
