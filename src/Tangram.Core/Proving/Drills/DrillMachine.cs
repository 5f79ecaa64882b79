using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>A drill: the hypothesis is tested, then things break on time under load, until all has ended and is whole
/// again, or the time for that is over. As soon as the hypothesis cannot be kept any more all faults are
/// reverted.</summary>
public sealed class DrillMachine
{
    /// <summary>An order to inject that is not answered has failed: whoever carries it out is gone.</summary>
    public static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(10);

    private enum Phase { Steady, Running, Mending, Over }

    private readonly DrillSpec _drill;
    private readonly ClusterSpec _cluster;
    private readonly Rng _rng;
    private readonly FaultTrace[] _faults;
    private Phase _phase = Phase.Steady;
    private Instant _begun, _mendingSince;
    private DrillSighting _seen = DrillSighting.Nobody;
    private readonly bool _regardless;
    private string? _violated, _stopped;

    /// <param name="regardless">Hold it although the error budget is spent.</param>
    public DrillMachine(DrillSpec drill, ClusterSpec cluster, Rng rng, bool regardless = false)
    {
        (_drill, _cluster, _rng, _regardless) = (drill, cluster, rng, regardless);
        Aim = DrillAim.Of(drill, cluster.Objectives);
        _faults = [.. drill.Faults.Select((fault, number) => new FaultTrace(number, fault))];
    }

    public DrillAim Aim { get; }
    public IReadOnlyList<FaultTrace> Faults => _faults;
    public DrillLoad? Steady { get; private set; }
    public DrillLoad? Load { get; private set; }
    public DrillVerdict? Verdict { get; private set; }

    /// <summary>When the load began; times of the drill count from it.</summary>
    public Instant BegunAt => _begun;

    /// <summary>Call it once, before anything else.</summary>
    public void Begin(DrillSighting seen, Instant now, List<DrillEffect> effects)
    {
        (_seen, _begun) = (seen, now);
        Say(now, $"{_drill.Name}: {Aim}", effects);
        if (!seen.Ready) Conclude(DrillRuling.NotBegun, ["the cluster is not ready: `tangram why` says why"], effects);
        else if (!_regardless && ErrorBudget.Spent(_cluster.Objectives, seen) is { } spent)
            Conclude(DrillRuling.NotBegun, [spent], effects);
        else effects.Add(new DrillEffect.StartSteady());
    }

    public void On(DrillEvent @event, Instant now, List<DrillEffect> effects)
    {
        if (_phase == Phase.Over) return;
        switch (@event)
        {
            case DrillEvent.SteadyEnded ended when _phase == Phase.Steady: SteadyEnded(ended.Load, now, effects); break;
            case DrillEvent.Looked looked: Look(looked, now, effects); break;
            case DrillEvent.LoadMoved moved: Judge(moved.Failed, now, effects); break;
            case DrillEvent.LoadEnded ended: LoadEnded(ended.Load, now, effects); break;
            case DrillEvent.Injected injected: Injected(_faults[injected.Fault], injected.Effect, now, effects); break;
            case DrillEvent.Missed missed:
                _faults[missed.Fault].Miss(missed.Because);
                Say(now, $"{_faults[missed.Fault].Name}: not injected: {missed.Because}", effects);
                break;
            case DrillEvent.Reverted reverted:
                _faults[reverted.Fault].End(reverted.Effect, now);
                Say(now, $"{_faults[reverted.Fault].Name}: reverted: {reverted.Effect}", effects);
                break;
            case DrillEvent.Stopped: Stop("it was stopped", now, effects); break;
        }
        if (_phase is Phase.Running) InjectWhatIsDue(now, effects);
        if (_phase is Phase.Running or Phase.Mending) GiveUpOnSilence(now, effects);
        if (_phase is Phase.Mending) ConcludeWhenWhole(now, effects);
    }

    private void SteadyEnded(DrillLoad load, Instant now, List<DrillEffect> effects)
    {
        Steady = load;
        var wrong = Aim.Broken(load).ToList();
        if (!_seen.Ready) wrong.Add("the cluster is not ready");
        if (_stopped is not null) Conclude(DrillRuling.Stopped, [_stopped], effects);
        else if (wrong.Count > 0) Conclude(DrillRuling.NotBegun, wrong, effects);
        else if (Aim.Void(load) is { } late) Conclude(DrillRuling.Void, [late], effects);
        else
        {
            Say(now, $"steady: {load.Sent} requests, {load.Failed} failed, p99 {DrillAim.Words(load.P99)}", effects);
            (_phase, _begun) = (Phase.Running, now);
            Say(now, FormattableString.Invariant($"load: {_drill.Load.Rate:0.##} requests/s for ") +
                DrillAim.Words(_drill.Load.Duration), effects);
            effects.Add(new DrillEffect.StartLoad());
        }
    }

    private void Look(DrillEvent.Looked looked, Instant now, List<DrillEffect> effects)
    {
        _seen = looked.Seen;
        foreach (var fault in _faults)
            foreach (var words in fault.See(looked.Seen, looked.Since, now))
                Say(now, $"{fault.Name}: {words}", effects);
    }

    private void Judge(long failed, Instant now, List<DrillEffect> effects)
    {
        if (_phase != Phase.Running || _violated is not null) return;
        if (Aim.Spent(failed, _drill.Load.Planned) is not { } spent) return;
        _violated = spent;
        Stop(spent, now, effects);
    }

    /// <summary>Nothing more is broken, and what is broken is mended.</summary>
    private void Stop(string because, Instant now, List<DrillEffect> effects)
    {
        if (_violated is null) _stopped ??= because;
        Say(now, $"{because}: all faults end", effects);
        foreach (var fault in _faults)
            if (fault.Waits) fault.Miss("the drill had ended");
            else if (fault is { InForce: true, Spec.Form.Lasts: true })
                effects.Add(new DrillEffect.Revert(fault.Number));
        effects.Add(new DrillEffect.StopLoad());
    }

    private void LoadEnded(DrillLoad load, Instant now, List<DrillEffect> effects)
    {
        if (_phase != Phase.Running) return;
        (Load, _phase, _mendingSince) = (load, Phase.Mending, now);
        foreach (var fault in _faults)
            if (fault.Waits) fault.Miss("there was nothing to strike: what it means was not ready");
        Say(now, $"load ended: {load.Sent} requests, {load.Failed} failed", effects);
    }

    private void InjectWhatIsDue(Instant now, List<DrillEffect> effects)
    {
        foreach (var fault in _faults)
        {
            if (!fault.Waits || now - _begun < fault.Spec.At) continue;
            // It waits for something that can be struck, at most until the load ends.
            if (DrillTargets.Choose(fault.Spec, _seen, [.. _faults.Where(f => !f.Waits)], _rng) is not { } target)
                continue;
            fault.Ask(target, now);
            effects.Add(new DrillEffect.Inject(fault.Number, fault.Spec, target,
                fault.Spec.Form.Impairs || fault.Spec.Form.Links ? _rng.NextUInt64() : 0));
        }
    }

    private void Injected(FaultTrace fault, string effect, Instant now, List<DrillEffect> effects)
    {
        fault.Strike(effect, now);
        Say(now, $"{fault.Name}: injected: {effect}", effects);
        // It was on its way when the others were ended.
        if ((_violated ?? _stopped) is not null && fault.InForce) effects.Add(new DrillEffect.Revert(fault.Number));
    }

    private void GiveUpOnSilence(Instant now, List<DrillEffect> effects)
    {
        foreach (var fault in _faults)
        {
            if (fault is not { StruckAt: null, Missed: null, AskedAt: { } asked } || now - asked <= AnswersWithin)
                continue;
            fault.Miss("whoever should inject it did not answer");
            Say(now, $"{fault.Name}: not injected: {fault.Missed}", effects);
            // It may be in force by halves, or come about yet.
            if (fault.Spec.Form.Lasts) effects.Add(new DrillEffect.Revert(fault.Number));
        }
    }

    private void ConcludeWhenWhole(Instant now, List<DrillEffect> effects)
    {
        var ended = _faults.Select(fault => fault.EndedAt).OfType<Instant>().Append(_mendingSince).Max();
        var patient = now - ended <= Aim.Recovery;
        if (_faults.Any(fault => !fault.Over) && now - ended <= Aim.Recovery + AnswersWithin) return;
        if (patient && !(_seen.Ready && _faults.All(fault => fault.Missed is not null || fault.Mended)))
            return;
        var broken = Broken().ToList();
        if (_stopped is not null) Conclude(DrillRuling.Stopped, [_stopped, .. broken], effects);
        else if (broken.Count > 0)
            Conclude(DrillRuling.Broken, [.. broken, .. DrillCauses.Of(_cluster, _faults)], effects);
        else if (NotShown() is { } missed)
            Conclude(DrillRuling.Void, [$"{missed.Name} was not injected: {missed.Missed}"], effects);
        else if (Aim.Void(Load!) is { } late) Conclude(DrillRuling.Void, [late], effects);
        else Conclude(DrillRuling.Kept, [Kept()], effects);
    }

    /// <summary>One that had to be shown and was not; of those that were drawn, one is enough.</summary>
    private FaultTrace? NotShown() =>
        _faults.FirstOrDefault(fault => fault.Missed is not null && !fault.Spec.Drawn)
        ?? (_faults.All(fault => fault.Missed is not null) ? _faults.FirstOrDefault() : null);

    private IEnumerable<string> Broken()
    {
        foreach (var sentence in Aim.Broken(Load!)) yield return sentence;
        foreach (var fault in _faults.Where(fault => fault.StruckAt is not null))
            if (fault.WholeAt is null)
                yield return $"{fault.Name}: the cluster was not whole within {DrillAim.Words(Aim.Recovery)}";
            else if (!fault.Mended)
                yield return $"{fault.Name}: what it had put out was not back within {DrillAim.Words(Aim.Recovery)}";
            else if (fault.Recovery > Aim.Recovery)
                yield return $"{fault.Name}: the cluster was whole only after " +
                    $"{DrillAim.Words(fault.Recovery!.Value)}, objective {DrillAim.Words(Aim.Recovery)}";
    }

    private string Kept() => $"{Load!.Failed} of {Load.Sent} requests failed, availability " +
        $"{DrillAim.Percent(Load.Availability)} (objective {DrillAim.Percent(Aim.Availability)})" +
        (_faults.Max(fault => fault.Recovery) is { } longest ? $"; whole after {DrillAim.Words(longest)}" : "");

    private void Conclude(DrillRuling ruling, List<string> because, List<DrillEffect> effects)
    {
        (_phase, Verdict) = (Phase.Over, new DrillVerdict(ruling, because.ToEquatableArray()));
        effects.Add(new DrillEffect.Conclude(Verdict));
    }

    private void Say(Instant now, string what, List<DrillEffect> effects) =>
        effects.Add(new DrillEffect.Say(now - _begun, what));
}
