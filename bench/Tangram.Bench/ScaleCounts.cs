using System.Diagnostics;
using System.Text;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving.Simulation;
using Tangram.Routing;

namespace Tangram.Bench;

/// <summary>What happens in a simulated cluster and what it costs, counted at the borders of its machines.</summary>
internal sealed class ScaleCounts
{
    private readonly Dictionary<long, int> _storeOpsInSecond = [];
    private readonly Dictionary<string, TimeSpan> _servers = [];
    private RouteTable _table = RouteTable.Empty;
    private long _now;

    /// <summary>In the last zone, which is never the one that is lost.</summary>
    private const string Gateway = "gateway-3";

    /// <summary>Heartbeats to neighbours, to servers, and states handed to agents.</summary>
    public long Beats { get; private set; }
    public long BeatsToServers { get; private set; }
    public long States { get; private set; }
    public long StoreOps { get; private set; }
    public long Transactions { get; private set; }
    public long Bytes { get; private set; }

    /// <summary>Of the busiest virtual second.</summary>
    public int PeakStoreOps => _storeOpsInSecond.Values.DefaultIfEmpty().Max();

    /// <summary>Of the server that used most.</summary>
    public TimeSpan Leader => _servers.Values.DefaultIfEmpty().Max();
    public TimeSpan LeaderLongest { get; private set; }
    public TimeSpan Agents { get; private set; }

    /// <summary>Of one gateway: the routes made of each state that it publishes.</summary>
    public TimeSpan Routes { get; private set; }
    public TimeSpan RoutesLongest { get; private set; }
    public long RoutesMade { get; private set; }

    public static SimulatorOptions Hooks(Func<ScaleCounts> into, Func<Instant> now) => new()
    {
        Around = (who, @event, act) => into().Around(who, @event, act),
        OnEffect = (who, effect) =>
        {
            into().Count(who, effect, now());
            return effect;
        },
    };

    private void Around(string who, Event @event, Action act)
    {
        var agent = who.StartsWith("agent", StringComparison.Ordinal);
        if (agent && @event is Event.StateChanged) States++;
        var begun = Stopwatch.GetTimestamp();
        act();
        var took = Stopwatch.GetElapsedTime(begun);
        if (agent) Agents += took;
        else if (who.StartsWith("server", StringComparison.Ordinal))
        {
            _servers[who] = _servers.GetValueOrDefault(who) + took;
            if (took > LeaderLongest) LeaderLongest = took;
        }
    }

    private void Count(string who, Effect effect, Instant now)
    {
        _now = now.Ticks / TimeSpan.TicksPerSecond;
        switch (effect)
        {
            case Effect.Send { To: null }: BeatsToServers++; break;
            case Effect.Send: Beats++; break;
            case Effect.Commit commit: Commit(commit.Txn); break;
            case Effect.Grant or Effect.KeepAlive or Effect.Revoke: StoreOp(); break;
            case PublishRoutes publish when who == Gateway: Derive(publish.State); break;
        }
    }

    private void Commit(Txn txn)
    {
        StoreOp();
        Transactions++;
        foreach (var op in txn.Then)
            if (op is StoreOp.Put put) Bytes += put.Key.Length + Encoding.UTF8.GetByteCount(put.Value);
    }

    private void StoreOp()
    {
        StoreOps++;
        _storeOpsInSecond[_now] = _storeOpsInSecond.GetValueOrDefault(_now) + 1;
    }

    private void Derive(ClusterState state)
    {
        var begun = Stopwatch.GetTimestamp();
        _table = RouteDeriver.Derive(state, _table);
        var took = Stopwatch.GetElapsedTime(begun);
        (Routes, RoutesMade) = (Routes + took, RoutesMade + 1);
        if (took > RoutesLongest) RoutesLongest = took;
    }

    /// <summary>The next phase's counts; the gateway keeps its routes.</summary>
    public ScaleCounts Next() => new() { _table = _table };
}
