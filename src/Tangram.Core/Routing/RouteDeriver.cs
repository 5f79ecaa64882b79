using System.Collections.Immutable;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>From what the store says to routes: the one function by which every gateway learns of backends.</summary>
public static class RouteDeriver
{
    /// <summary>Of a node that reports no address: it lies on this machine.</summary>
    private const string Loopback = "127.0.0.1";

    /// <summary>A replica is a backend when it shall run, is ready, has a port, and its node is not dead. A node whose
    /// lease has ended without being declared dead keeps its backends: most likely the store has trouble, not the node.
    /// Counters come from <paramref name="previous"/> as long as the process is the same.</summary>
    /// <remarks>While neither the spec nor the rollout's target changes, only the services of nodes that have changed
    /// are made anew: of 100,000 backends a hundredth of a second's work, not a tenth's.</remarks>
    public static RouteTable Derive(ClusterState state, RouteTable previous)
    {
        if (previous.Source is not { } source || source.EffectiveSpec is not { } spec
            || !ReferenceEquals(spec, state.EffectiveSpec) || TargetOf(source) != TargetOf(state)
            || source.Asked?.Value.Backends != state.Asked?.Value.Backends
            || Condemned(source) is not null || Condemned(state) is not null)
            return DeriveAll(state, previous);
        var changed = Changed(source, state);
        var touched = changed.SelectMany(n => (source.Nodes.GetValueOrDefault(n)?.Assignments ?? [])
            .Concat(state.Nodes.GetValueOrDefault(n)?.Assignments ?? [])).Select(a => a.Service).ToHashSet();
        var stale = touched.SelectMany(s => previous.Find(s)?.Backends ?? []).Concat(previous.Unrouted)
            .Where(b => changed.Contains(b.Node)).ToArray();
        var derivation = new Derivation(previous, stale, sameRollout: true, condemned: null, state);
        foreach (var name in changed)
            if (state.Nodes.GetValueOrDefault(name) is { Dead: null } node)
                foreach (var assignment in node.Assignments) derivation.Add(node, assignment);
        foreach (var service in touched)
        {
            foreach (var backend in previous.Find(service)?.Backends ?? [])
                if (!changed.Contains(backend.Node)) derivation.Route(backend);
            foreach (var backend in previous.Unrouted)
                if (backend.Service == service && !changed.Contains(backend.Node)) derivation.Stay(backend);
        }
        return new RouteTable
        {
            Source = state,
            AppliedRevision = state.RoutedRevision,
            Target = previous.Target,
            Services =
            [
                .. previous.Services.Where(s => !touched.Contains(s.Name))
                    .Concat(derivation.Services(spec.Services.Where(s => touched.Contains(s.Name))))
                    .OrderBy(s => s.Name),
            ],
            Unrouted = [.. previous.Unrouted.Where(b => !changed.Contains(b.Node)), .. derivation.Unrouted],
            Abandoned = Abandoned(state, stale),
            Tallies = derivation.Tallies(),
            Index = previous.Index,
            KeySeed = previous.KeySeed,
            TrustedProxies = previous.TrustedProxies,
            Published = previous.Published,
        };
    }

    internal static RouteTable DeriveAll(ClusterState state, RouteTable previous)
    {
        var specs = state.EffectiveSpec?.Services ?? [];
        var target = TargetOf(state);
        var derivation = new Derivation(previous, previous.All(), target == previous.Target, Condemned(state), state);
        foreach (var node in state.Nodes.Values)
            if (node.Dead is null)
                foreach (var assignment in node.Assignments) derivation.Add(node, assignment);

        return new RouteTable
        {
            Source = state,
            AppliedRevision = state.RoutedRevision,
            Target = target,
            Services = derivation.Services(specs),
            Unrouted = [.. derivation.Unrouted],
            Abandoned = Abandoned(state, previous.All()),
            Tallies = derivation.Tallies(),
            Index = IndexOf(state, previous),
            KeySeed = state.Asked?.Value.CookieKey is { } secret ? RequestKey.Of(secret, KeySeedSalt) : null,
            TrustedProxies = new Networks(state.EffectiveSpec?.TrustedProxies ?? []),
            Published = (from service in specs
                         from port in service.Ports
                         where port.Mode == PortMode.Ingress
                         select new Listener(port.HostAddress ?? "0.0.0.0", port.Published, service.Name))
                .ToEquatableArray(),
        };
    }

    /// <summary>The gateway's own routes come first, as they stand at the top of the file.</summary>
    private static RouteIndex IndexOf(ClusterState state, RouteTable previous)
    {
        if (state.EffectiveSpec is not { } spec) return RouteIndex.Empty;
        if (ReferenceEquals(previous.Source?.EffectiveSpec, spec)) return previous.Index;
        return new RouteIndex(
            spec.GatewayRoutes.Select(route => (route, (ServiceName?)null)).Concat(
                from service in spec.Services from route in service.Routes select (route, (ServiceName?)service.Name)),
            previous.Index);
    }

    /// <summary>So that it is not what cookies are signed by.</summary>
    private const ulong KeySeedSalt = 0x72617465;

    private static int TargetOf(ClusterState state) => state.Rollout?.Value.Target ?? 0;

    private static int? Condemned(ClusterState state) =>
        state.Rollout is { Value: { Stage: RolloutStage.RollingBack } back } ? back.Target : null;

    private static ImmutableArray<Backend> Abandoned(ClusterState state, IEnumerable<Backend> before) =>
        [.. before.Where(b => state.Nodes.GetValueOrDefault(b.Node)?.Dead is not null)];

    /// <summary>The nodes of which one state says something else than the other, in the order of names: states share
    /// what has not changed.</summary>
    private static SortedSet<NodeName> Changed(ClusterState before, ClusterState after)
    {
        var changed = new SortedSet<NodeName>();
        if (ReferenceEquals(before.Nodes, after.Nodes)) return changed;
        foreach (var (name, node) in after.Nodes)
            if (!before.Nodes.TryGetValue(name, out var was) || !ReferenceEquals(was, node)) changed.Add(name);
        foreach (var name in before.Nodes.Keys) if (!after.Nodes.ContainsKey(name)) changed.Add(name);
        return changed;
    }

    private sealed class Derivation
    {
        private readonly RouteTable _previous;
        private readonly Dictionary<ReplicaName, Backend> _before;
        private readonly SortedDictionary<ServiceName, List<Backend>> _backends = [];
        private readonly SortedDictionary<(ServiceName, int), Tally> _tallies = [];

        private readonly SortedDictionary<ServiceName, List<Backend>> _staying = [];
        private readonly Dictionary<ReplicaName, BackendAsked> _asked;

        private readonly int? _condemned;
        private readonly string? _cookieKey;
        private readonly ClusterState _state;
        private readonly Dictionary<(ServiceName, int), BackendTlsSpec?> _tls = [];

        /// <param name="before">The backends of the nodes that will be added.</param>
        public Derivation(
            RouteTable previous, IEnumerable<Backend> before, bool sameRollout, int? condemned, ClusterState state)
        {
            (_previous, _condemned, _state, _cookieKey) = (previous, condemned, state, state.Asked?.Value.CookieKey);
            _asked = (state.Asked?.Value.Backends ?? []).ToDictionary(b => b.Replica);
            _before = before.ToDictionary(b => b.Replica);
            if (sameRollout)
                foreach (var tally in previous.Tallies) _tallies.Add((tally.Service, tally.Revision), tally);
        }

        public List<Backend> Unrouted { get; } = [];

        public void Add(NodeState node, Assignment assignment)
        {
            var before = _before.GetValueOrDefault(assignment.Replica);
            if (before?.Node != node.Name) before = null;
            var seen = node.Find(assignment.Replica);
            if (assignment.Intent == Intent.Run && seen is { Phase: Phase.Ready, Port: { } port })
                Route(Make(node, assignment, seen, port, before));
            else if (assignment.Intent == Intent.Run && node.Seen is null && before is not null && WasRouted(before))
                Route(Keep(before, Intent.Run));
            else if (assignment.Intent != Intent.Stop && before is not null)
                Unrouted.Add(Keep(before, assignment.Intent));
        }

        private Backend Make(NodeState node, Assignment assignment, SeenReplica seen, int port, Backend? before)
        {
            var counters = before?.Starts == seen.Starts ? before.Counters : Begin(assignment.Service);
            return new Backend
            {
                Replica = assignment.Replica,
                Service = assignment.Service,
                Node = node.Name,
                Zone = node.Zone,
                Revision = assignment.Revision,
                Host = node.Seen?.Value.Address ?? Loopback,
                Port = port,
                Starts = seen.Starts,
                Intent = assignment.Intent,
                Tls = TlsOf(assignment.Service, assignment.Revision) ?? before?.Tls,
                Counters = counters,
                Tally = TallyOf(assignment.Service, assignment.Revision),
            };
        }

        /// <summary>Whether it speaks TLS its own revision says, and how it is met, the one in force.</summary>
        private BackendTlsSpec? TlsOf(ServiceName service, int revision)
        {
            if (_tls.TryGetValue((service, revision), out var known)) return known;
            var own = _state.Spec(revision)?.Find(service)?.BackendTls;
            var now = own is null ? null : _state.EffectiveSpec?.Find(service)?.BackendTls ?? own;
            _tls.Add((service, revision), now);
            return now;
        }

        /// <summary>One that joins others gets its share by and by; where there are no others, it is needed.</summary>
        private BackendCounters Begin(ServiceName name)
        {
            var counters = new BackendCounters();
            if (_previous.Find(name) is { Backends.IsEmpty: false } service
                && service.Traffic.SlowStart > TimeSpan.Zero) counters.StartSlowly();
            return counters;
        }

        private Backend Keep(Backend before, Intent intent) =>
            before with { Intent = intent, Tally = TallyOf(before.Service, before.Revision) };

        /// <summary>A revision that is being rolled back gets no new requests as long as another one can take them: its
        /// replicas still run until their replacements serve.</summary>
        private void SetAside(List<Backend> backends)
        {
            var aside = backends.FindAll(b => b.Revision == _condemned);
            if (aside.Count == backends.Count) return;
            backends.RemoveAll(b => b.Revision == _condemned);
            Unrouted.AddRange(aside);
        }

        private bool WasRouted(Backend backend) =>
            _previous.Find(backend.Service) is { } service && service.Backends.Contains(backend);

        /// <summary>Whoever stays with it by a cookie still comes.</summary>
        public void Stay(Backend backend)
        {
            if (backend.Mode != BackendMode.Drain) return;
            if (!_staying.TryGetValue(backend.Service, out var list)) _staying.Add(backend.Service, list = []);
            list.Add(backend);
        }

        public void Route(Backend backend)
        {
            var asked = _asked.GetValueOrDefault(backend.Replica);
            var (mode, weight) = (asked?.Mode ?? BackendMode.Normal, asked?.Weight ?? 1);
            if (backend.Mode != mode || backend.Weight != weight)
                backend = backend with { Mode = mode, Weight = weight };
            if (mode != BackendMode.Normal)
            {
                Unrouted.Add(backend);
                Stay(backend);
                return;
            }
            if (!_backends.TryGetValue(backend.Service, out var list)) _backends.Add(backend.Service, list = []);
            list.Add(backend);
        }

        private Tally TallyOf(ServiceName service, int revision)
        {
            if (!_tallies.TryGetValue((service, revision), out var tally))
                _tallies.Add((service, revision), tally = new Tally(service, revision));
            return tally;
        }

        public ImmutableArray<Tally> Tallies() => [.. _tallies.Values];

        /// <summary>The given services, and those that have backends although nobody asks for them.</summary>
        public ImmutableArray<RoutedService> Services(IEnumerable<ServiceSpec> specs)
        {
            foreach (var list in _backends.Values) SetAside(list);
            var asked = specs.ToDictionary(s => s.Name);
            return
            [
                .. from name in asked.Keys.Union(_backends.Keys).Order()
                   select Service(name, asked.GetValueOrDefault(name), _previous.Find(name)),
            ];
        }

        private RoutedService Service(ServiceName name, ServiceSpec? spec, RoutedService? before)
        {
            ImmutableArray<Backend> backends =
                [.. (_backends.GetValueOrDefault(name) ?? []).OrderBy(b => b.Replica)];
            var (policy, traffic) = spec is not null ? (spec.Balance, spec.Traffic)
                : before is not null ? (before.Balance, before.Traffic) : (default, new TrafficSpec());
            var counters = before?.Counters ?? new ServiceCounters();
            counters.Admit(traffic.Admission, backends.Length);
            counters.Hedge(traffic.Hedge);
            var service = new RoutedService
            {
                Name = name,
                Balance = policy,
                Traffic = traffic,
                Backends = backends,
                Counters = counters,
                Maglev = policy == BalancePolicy.Hash ? Maglev.Of(backends.AsSpan(), before?.Maglev) : null,
                Sticky = traffic.Sticky is { } cookie && _cookieKey is { } key
                    ? StickyCookies.Of(
                        cookie, key, [.. backends, .. _staying.GetValueOrDefault(name) ?? []], before?.Sticky) : null,
            };
            return service with { Zones = ZoneSides.Of(service) };
        }
    }
}
