using Tangram.Model;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Drills;

/// <summary>Thousands of drills in virtual time, on clusters and with holders that behave by chance.</summary>
public sealed class DrillPropertyTests
{
    private const int Seeds = 2_000;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250), Longest = TimeSpan.FromMinutes(5);

    [Fact]
    public void Whatever_happens_a_drill_ends_and_leaves_nothing_broken()
    {
        for (var seed = 0UL; seed < Seeds; seed++) new Run(seed).ToItsEnd();
    }

    private sealed class Run
    {
        private readonly ulong _seed;
        private readonly Rng _rng;
        private readonly DrillBed _bed;
        private readonly SortedDictionary<int, Instant> _inForce = [];
        private readonly List<(Instant At, DrillEvent Event)> _coming = [];
        private bool _loading, _stopped;
        private int _injected;

        public Run(ulong seed)
        {
            (_seed, _rng) = (seed, new Rng(seed));
            var kinds = Enum.GetValues<FaultKind>();
            _bed = new DrillBed(DrillBed.Killing([.. Enumerable.Range(0, 1 + _rng.Next(4)).Select(_ =>
            {
                var kind = kinds[_rng.Next(kinds.Length)];
                var lasts = FaultForm.Of(kind).Lasts ? 0.5 + _rng.NextDouble() * 6 : 0;
                return DrillBed.Fault(kind, _rng.NextDouble() * 9, lasts);
            })]), replicas: 1 + _rng.Next(4));
        }

        public void ToItsEnd()
        {
            Take(_bed.Begin());
            var begun = _bed.Now;
            while (_bed.Verdict is null)
            {
                Check(_bed.Now - begun < Longest, "it does not end");
                // A cluster that is not always ready, and forgets or replaces replicas.
                _bed.Ready = !_rng.Chance(0.2);
                if (_rng.Chance(0.1) && _bed.Replicas.Count > 0)
                    _bed.Replicas[0] = DrillBed.Replica("web-1", "a-1", 1000 + _rng.Next(100), _rng.Chance(0.7));
                Take(_bed.After(Step.TotalSeconds));
                if (_loading && _rng.Chance(0.02)) Take(_bed.On(new DrillEvent.LoadMoved(_rng.Next(4))));
                if (_rng.Chance(0.002)) Take(_bed.On(new DrillEvent.Stopped()));
                foreach (var next in _coming.Where(c => c.At <= _bed.Now).OrderBy(c => c.At).ToList())
                {
                    _coming.Remove(next);
                    if (next.Event is DrillEvent.Injected injected && Lasts(injected.Fault))
                        _inForce[injected.Fault] = _bed.Now;
                    if (next.Event is DrillEvent.Reverted reverted) _inForce.Remove(reverted.Fault);
                    Take(_bed.On(next.Event));
                }
            }
            Check(_bed.Verdict.Ruling != DrillRuling.NotBegun || _injected == 0, "something was broken and not begun");
            Check(_bed.Verdict.Because.Count > 0, "no reason is given");
            Check(_bed.Verdict.Ruling != DrillRuling.Kept
                || _bed.Machine.Faults.All(f => f is { Over: true, WholeAt: not null }), "kept, and not all is whole");
            Check(_bed.After(10).Count == 0, "it goes on after its verdict");
        }

        /// <summary>What is told to be reverted, or will be by its own time.</summary>
        private void Take(List<DrillEffect> effects)
        {
            var broken = effects.OfType<DrillEffect.Say>().Any(say => say.What.Contains("all faults end"));
            var reverted = effects.OfType<DrillEffect.Revert>().Select(r => r.Fault).ToHashSet();
            foreach (var effect in effects)
                switch (effect)
                {
                    case DrillEffect.StartSteady:
                        Later(0.5, 3, new DrillEvent.SteadyEnded(DrillBed.Load(300, _rng.Chance(0.1) ? 1 : 0)));
                        break;
                    case DrillEffect.StartLoad:
                        _loading = true;
                        Later(10, 10.5, new DrillEvent.LoadEnded(DrillBed.Load(1000, _rng.Chance(0.1) ? 3 : 0)));
                        break;
                    case DrillEffect.StopLoad:
                        _stopped = true;
                        for (var i = 0; i < _coming.Count; i++)
                            if (_coming[i].Event is DrillEvent.LoadEnded or DrillEvent.SteadyEnded)
                                _coming[i] = (_bed.Now, _coming[i].Event);
                        break;
                    case DrillEffect.Inject inject:
                        Check(_loading && !_stopped, "injected before or after the load");
                        _injected++;
                        // Most holders answer, some refuse, few are silent.
                        if (_rng.Chance(0.8)) Injected(inject);
                        else if (_rng.Chance(0.9)) Later(0, 1, new DrillEvent.Missed(inject.Fault, "no"));
                        break;
                    case DrillEffect.Revert revert when _inForce.ContainsKey(revert.Fault):
                        _coming.RemoveAll(c => c.Event is DrillEvent.Reverted r && r.Fault == revert.Fault);
                        Later(0, 0.3, new DrillEvent.Reverted(revert.Fault, ""));
                        break;
                }
            if (broken) Check(_inForce.Keys.All(reverted.Contains), "a fault goes on after the hypothesis broke");
        }

        private void Injected(DrillEffect.Inject inject)
        {
            var at = _rng.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1));
            _coming.Add((_bed.Now + at, new DrillEvent.Injected(inject.Fault, "done")));
            if (inject.Spec.For > TimeSpan.Zero)
                _coming.Add((_bed.Now + at + inject.Spec.For, new DrillEvent.Reverted(inject.Fault, "")));
        }

        private bool Lasts(int fault) => _bed.Machine.Faults[fault].Spec.Form.Lasts;

        private void Later(double least, double most, DrillEvent @event) => _coming.Add((_bed.Now +
            _rng.Between(TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most) + Step), @event));

        private void Check(bool holds, string otherwise) =>
            Assert.True(holds, $"seed {_seed}: {otherwise}; verdict {_bed.Verdict}");
    }
}
