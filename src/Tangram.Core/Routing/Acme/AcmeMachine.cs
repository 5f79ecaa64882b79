using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Routing.Acme;

/// <summary>Sees to it that every domain that the file names has a certificate: one order at a time, by the leader
/// alone, whose writes compare its term. What it must not forget is in the store: the account, certificates with their
/// keys, the challenge that all gateways answer, and what failed. A certificate stays until there is a newer
/// one.</summary>
/// <param name="self">The term in which its server leads; see <see cref="CandidateMachine"/>.</param>
public sealed class AcmeMachine(Term self, Rng rng) : IMachine
{
    /// <summary>A gateway that has not taken up the challenge by then is slow or cut off; perhaps the authority asks
    /// another.</summary>
    private static readonly TimeSpan GatewayPatience = TimeSpan.FromSeconds(10);

    /// <summary>For a listener that the same revision brings.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(300);

    /// <summary>When the answer to a write does not come.</summary>
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(2);

    private sealed record Order(long Request, string Domain, AcmeSpec Spec)
    {
        public AcmeChallenge? Challenge { get; init; }
        public bool Met { get; init; }
        public Instant? ShownSince { get; init; }
        public Instant WaitsSince { get; init; }

        /// <summary>What is to be written: an <see cref="AcmeAccountMade"/>, <see cref="AcmeIssued"/> or
        /// <see cref="AcmeFailed"/>.</summary>
        public Event? Outcome { get; init; }
    }

    private readonly Requests _requests = new();
    private readonly Dictionary<string, Instant> _retryAt = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Domain, DateTimeOffset Until), double> _early = [];
    private ClusterState _state = ClusterState.Empty;
    private DateTimeOffset? _wall;
    private Order? _order;
    private long _pending;
    private Instant _pendingSince;
    private bool _leads;
    private int _revision;

    private AcmeSpec? Spec => _state.EffectiveSpec?.Tls?.Acme;

    public void On(Event @event, Instant now, List<Effect> effects)
    {
        switch (@event)
        {
            case Event.StateChanged changed:
                _state = changed.State;
                break;
            case AcmeClock clock:
                _wall = clock.Now;
                break;
            case Event.Committed committed when committed.Request == _pending:
                _pending = 0;
                return;
            case AcmeChallenged challenged when challenged.Request == _order?.Request:
                _order = _order with { Challenge = challenged.Challenge, WaitsSince = now, Met = false };
                break;
            case AcmeAccountMade or AcmeIssued or AcmeFailed when Of(@event) == _order?.Request:
                _order = _order! with { Outcome = @event };
                break;
        }
        Turn(now, effects);
        if (!_leads) return;
        if (_pending != 0 && now - _pendingSince < WritePatience) return;
        if (_order is { Outcome: { } outcome }) Conclude(outcome, now, effects);
        else if (_order is { Challenge: not null, Met: false }) Show(now, effects);
        else if (_order is null && @event is Event.Tick) Begin(now, effects);
    }

    private static long Of(Event @event) => @event switch
    {
        AcmeAccountMade made => made.Request,
        AcmeIssued issued => issued.Request,
        AcmeFailed failed => failed.Request,
        _ => 0,
    };

    /// <summary>What a former leader still has under way is dropped: its writes would be refused.</summary>
    private void Turn(Instant now, List<Effect> effects)
    {
        var leads = _state is { Recalled: false, Term.Value: { } term } && term == self;
        if (leads && !_leads) _retryAt.Clear();
        var revision = _state.Rollout?.Value.Effective ?? 0;
        // Whoever deploys has perhaps put right what was wrong.
        if (leads && _leads && revision != _revision)
            foreach (var domain in Spec?.Domains ?? []) _retryAt[domain] = now;
        (_leads, _revision) = (leads, revision);
        if (_order is null || (leads && Spec == _order.Spec)) return;
        effects.Add(new AbandonAcme(_order.Request));
        _order = null;
    }

    private void Begin(Instant now, List<Effect> effects)
    {
        if (Spec is not { } spec || _wall is not { } wall) return;
        if (Forget(spec, wall) is { Count: > 0 } gone)
        {
            Commit(gone, now, effects);
            return;
        }
        // Whatever is to be shown, a gateway shows it.
        if (!_state.Gateways.Values.Any(gateway => gateway.Value.Addresses.Count > 0)) return;
        foreach (var domain in spec.Domains)
            if (IsDue(spec, domain, wall) && now >= RetryAt(domain, now))
            {
                _order = new Order(_requests.Next(), domain, spec);
                effects.Add(Account(spec) is { } account
                    ? new OrderCertificate(_order.Request, spec, account, domain)
                    : new MakeAcmeAccount(_order.Request, spec));
                return;
            }
    }

    private AcmeAccount? Account(AcmeSpec spec) =>
        _state.Acme.Account?.Value is { } account && account.Directory == spec.Directory
        && account.Email == spec.Email ? account : null;

    private bool IsDue(AcmeSpec spec, string domain, DateTimeOffset wall)
    {
        if (_state.Acme.Certificates.GetValueOrDefault(domain)?.Value is not { } held) return true;
        if (held.Directory != spec.Directory) return true;
        if (!_early.TryGetValue((domain, held.Until), out var early))
        {
            foreach (var old in _early.Keys.Where(key => key.Domain == domain).ToList()) _early.Remove(old);
            _early[(domain, held.Until)] = early = rng.NextDouble();
        }
        return wall >= AcmePolicy.RenewAt(held, early);
    }

    /// <summary>No clock is stored: after a change of leaders what failed waits its whole time again.</summary>
    private Instant RetryAt(string domain, Instant now)
    {
        if (_retryAt.TryGetValue(domain, out var at)) return at;
        var failures = Failures(domain);
        return _retryAt[domain] = failures == 0 ? now : now + AcmePolicy.RetryAfter(failures, rng);
    }

    private int Failures(string domain) =>
        _state.Acme.Troubles?.Value.Domains.FirstOrDefault(trouble => trouble.Domain == domain)?.Failures ?? 0;

    /// <summary>The challenge of an order that nobody follows any more, and certificates that nobody asks for once
    /// they have ended: until then a rollback may want them.</summary>
    private List<StoreOp> Forget(AcmeSpec spec, DateTimeOffset wall)
    {
        var ops = new List<StoreOp>();
        if (_state.Acme.Challenge is not null) ops.Add(new StoreOp.Delete(Keys.AcmeChallenge));
        foreach (var (domain, held) in _state.Acme.Certificates)
            if (held.Value.Until < wall && !spec.Domains.Contains(domain))
                ops.Add(new StoreOp.Delete(Keys.AcmeCertificate(domain)));
        if (_state.Acme.Troubles?.Value.Domains is { } troubles && troubles.Any(t => !spec.Domains.Contains(t.Domain)))
            ops.Add(Troubles(troubles.Where(t => spec.Domains.Contains(t.Domain))));
        return ops;
    }

    private static StoreOp.Put Troubles(IEnumerable<AcmeTrouble> all) =>
        new(Keys.AcmeTroubles, Json.Write(new AcmeTroubles { Domains = all.ToEquatableArray() }));

    /// <summary>Every gateway has to answer the challenge before the authority is told: it may ask any of
    /// them.</summary>
    private void Show(Instant now, List<Effect> effects)
    {
        var order = _order!;
        if (_state.Acme.Challenge is not { } shown || shown.Value != order.Challenge)
        {
            Commit([new StoreOp.Put(Keys.AcmeChallenge, Json.Write(order.Challenge!))], now, effects);
            return;
        }
        var all = _state.Gateways.Values.Where(gateway => gateway.Value.Addresses.Count > 0)
            .All(gateway => gateway.Value.Applied >= shown.ModRevision);
        if (all && order.ShownSince is null) _order = order = order with { ShownSince = now };
        if (!(order.ShownSince is { } since && now - since >= Settle) && now - order.WaitsSince < GatewayPatience)
            return;
        _order = order with { Met = true };
        effects.Add(new MeetAcmeChallenge(order.Request));
    }

    /// <summary>Writes what came of it, until the state shows that it is written.</summary>
    private void Conclude(Event outcome, Instant now, List<Effect> effects)
    {
        var order = _order!;
        var others = (_state.Acme.Troubles?.Value.Domains ?? []).Where(t => t.Domain != order.Domain).ToList();
        switch (outcome)
        {
            case AcmeAccountMade made when _state.Acme.Account?.Value == made.Account:
                _order = new Order(_requests.Next(), order.Domain, order.Spec);
                effects.Add(new OrderCertificate(_order.Request, order.Spec, made.Account, order.Domain));
                return;
            case AcmeAccountMade made:
                Commit([new StoreOp.Put(Keys.AcmeAccount, Json.Write(made.Account))], now, effects);
                return;
            case AcmeIssued issued:
                var held = _state.Acme.Certificates.GetValueOrDefault(order.Domain)?.Value;
                if (held == issued.Certificate) Succeeded(order, issued.Certificate, effects);
                else Commit([new StoreOp.Put(Keys.AcmeCertificate(order.Domain), Json.Write(issued.Certificate)),
                    .. Cleared(others)], now, effects);
                return;
            case AcmeFailed failed:
                Failed(order, failed, others, now, effects);
                return;
        }
    }

    private IEnumerable<StoreOp> Cleared(List<AcmeTrouble> others)
    {
        if (_state.Acme.Challenge is not null) yield return new StoreOp.Delete(Keys.AcmeChallenge);
        if (others.Count != (_state.Acme.Troubles?.Value.Domains.Count ?? 0)) yield return Troubles(others);
    }

    private void Succeeded(Order order, AcmeCertificate certificate, List<Effect> effects)
    {
        (_order, _) = (null, _retryAt.Remove(order.Domain));
        effects.Add(new Effect.Announce(order.Domain,
            $"has a certificate from {order.Spec.Directory}, until {CertificateLife.Shown(certificate.Until)}"));
    }

    private void Failed(Order order, AcmeFailed failed, List<AcmeTrouble> others, Instant now, List<Effect> effects)
    {
        var failures = Failures(order.Domain) + 1;
        var wait = AcmePolicy.RetryAfter(failures, rng);
        if (failed.NotBefore > wait) wait = failed.NotBefore;
        (_order, _retryAt[order.Domain]) = (null, now + wait);
        List<StoreOp> ops = [Troubles(others.Append(new AcmeTrouble(order.Domain, failures, failed.Because)))];
        if (_state.Acme.Challenge is not null) ops.Add(new StoreOp.Delete(Keys.AcmeChallenge));
        if (failed.AccountGone && _state.Acme.Account is not null) ops.Add(new StoreOp.Delete(Keys.AcmeAccount));
        Commit(ops, now, effects);
        var held = _state.Acme.Certificates.GetValueOrDefault(order.Domain)?.Value is { } old
            ? $"; the one until {CertificateLife.Shown(old.Until)} stays in force" : "";
        effects.Add(new Effect.Announce(order.Domain, $"got no certificate from {order.Spec.Directory}: " +
            $"{failed.Because}{held}. The next attempt is in {wait.TotalMinutes:0} min, and at the next deploy"));
    }

    /// <summary>Compares the term, in which this server is the only writer of these keys.</summary>
    private void Commit(IReadOnlyList<StoreOp> ops, Instant now, List<Effect> effects)
    {
        (_pending, _pendingSince) = (_requests.Next(), now);
        effects.Add(new Effect.Commit(_pending, new Txn
        {
            Compares = [Compare.Unchanged(Keys.Term, _state.Term!.ModRevision)], Then = ops,
        }));
    }
}
