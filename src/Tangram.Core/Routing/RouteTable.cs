using System.Collections.Immutable;
using System.Net;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>Everything the request path asks: one immutable snapshot, replaced by one reference write. Only the leaf
/// counters that it points to change.</summary>
public sealed class RouteTable
{
    public static readonly RouteTable Empty = new();

    private readonly Dictionary<ServiceName, RoutedService> _services = [];

    /// <summary>What it was derived from; null for one that was not.</summary>
    internal ClusterState? Source { get; init; }

    /// <summary>The store revision of the newest key that it takes into account.</summary>
    public long AppliedRevision { get; init; }

    /// <summary>The rollout whose outcomes <see cref="Tallies"/> counts.</summary>
    public int Target { get; init; }

    /// <summary>Sorted by name. A service without backends is there too: its requests wait instead of being
    /// unknown.</summary>
    public ImmutableArray<RoutedService> Services
    {
        get;
        init
        {
            field = value;
            foreach (var service in value) _services.Add(service.Name, service);
        }
    } = [];

    /// <summary>They get no new requests, but may have some in flight: draining, or not ready at the moment.</summary>
    public ImmutableArray<Backend> Unrouted { get; init; } = [];

    /// <summary>Of the table before: their node was declared dead, so what hangs there will never be
    /// answered.</summary>
    public ImmutableArray<Backend> Abandoned { get; init; } = [];

    public ImmutableArray<Tally> Tallies { get; init; } = [];
    public RouteIndex Index { get; init; } = RouteIndex.Empty;

    /// <summary>By which keys of rate limits are made, the same on every gateway and known to nobody outside; null:
    /// each gateway's own.</summary>
    public ulong? KeySeed { get; init; }

    /// <summary>Who may say who its client is.</summary>
    public Networks TrustedProxies { get; init; } = Networks.None;

    /// <summary>The ports that the file publishes, each with its service.</summary>
    public EquatableArray<Listener> Published { get; init; }

    /// <summary>Every service has a backend: a gateway that starts can do what one before it could.</summary>
    public bool ServesAll => Services.All(service => service.Backends.Length > 0);

    public RoutedService? Find(ServiceName name) => _services.GetValueOrDefault(name);

    /// <summary>What it says of its client (X-Forwarded-For and so on) is believed.</summary>
    public bool Trusts(IPAddress? peer) => peer is not null && TrustedProxies.Contains(peer);

    /// <summary>Draining replicas that still have requests in flight here.</summary>
    public IEnumerable<ReplicaName> Busy() =>
        from backend in Unrouted
        where backend.Intent == Intent.Drain && backend.Counters.InFlight > 0
        select backend.Replica;

    public IEnumerable<Outcomes> Outcomes() => from tally in Tallies select tally.Read();

    internal IEnumerable<Backend> All() => Services.SelectMany(s => s.Backends).Concat(Unrouted);
}
