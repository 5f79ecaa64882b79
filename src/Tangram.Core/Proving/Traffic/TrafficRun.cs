using Tangram.Model;
using Tangram.Proving.Simulation;
using Tangram.Routing;

namespace Tangram.Proving.Traffic;

/// <summary>Runs a <see cref="TrafficScenario"/> in virtual time through the code that gateways run: the same seed
/// gives the same requests, whatever the policy.</summary>
public sealed class TrafficRun
{
    private readonly TrafficScenario _scenario;
    private readonly Agenda _agenda = new();
    private readonly Rng _arrivals, _chance, _work;
    private readonly RoutedService _service;
    private readonly Desk[] _desks;
    private readonly List<TimeSpan> _latencies = [];
    private readonly (int Requests, int Succeeded)[] _classes = new (int, int)[3];
    private int _requests, _attempts, _mostQueued, _refused;

    private TrafficRun(TrafficScenario scenario)
    {
        _scenario = scenario;
        var rng = new Rng(scenario.Seed);
        (_arrivals, _chance, _work) = (rng.Split(), rng.Split(), rng.Split());
        _service = Service(scenario);
        _desks = [.. _service.Backends.Select((backend, index) => new Desk(backend, index))];
    }

    public static TrafficResult Of(TrafficScenario scenario)
    {
        var run = new TrafficRun(scenario);
        run.ArriveNext();
        if (scenario.Ejects) run.Look();
        // What was in flight at the end is waited for.
        var end = Instant.Zero + scenario.Duration + TimeSpan.FromMinutes(10);
        while (run._agenda.Step(end)) { /* Until all is done. */ }
        run._latencies.Sort();
        return new TrafficResult(run._requests, run._latencies.Count, run._attempts,
            run._desks.Select(d => d.Got).ToEquatableArray(), run._latencies.ToEquatableArray(), run._mostQueued)
        {
            Refused = run._refused, Classes = run._classes.ToEquatableArray(),
        };
    }

    internal static RoutedService Service(TrafficScenario scenario)
    {
        var name = ServiceName.Of("order");
        var tally = new Tally(name, 1);
        var service = new RoutedService
        {
            Name = name,
            Balance = scenario.Policy,
            Traffic = scenario.Traffic with { Admission = scenario.Admission },
            Counters = new ServiceCounters(),
            Backends =
            [
                .. Enumerable.Range(1, scenario.Backends).Select(serial => new Backend
                {
                    Replica = ReplicaName.Of(name, serial), Service = name, Node = NodeName.Of("a-1"), Revision = 1,
                    Host = "127.0.0.1", Port = 5000 + serial, Starts = 1, Counters = new BackendCounters(),
                    Tally = tally,
                    Zone = ZoneName.Of(scenario.Zones.Length > 0 ? $"{scenario.Zones[serial - 1]}" : "a"),
                }),
            ],
        };
        service = service with { Zones = ZoneSides.Of(service) };
        service.Counters.Admit(scenario.Admission, scenario.Backends);
        return scenario.Policy != BalancePolicy.Hash ? service
            : service with { Maglev = Maglev.Of(service.Backends.AsSpan(), null) };
    }

    private void Look()
    {
        Appraisal.Look(_service, _chance.NextUInt64(), _agenda.Now);
        ZoneBalance.Look(_service, _scenario.Home, _agenda.Now);
        _scenario.Observe?.Invoke(
            new TrafficMoment(_agenda.Now, _service, _desks.Select(d => d.Got).ToEquatableArray()));
        if (_agenda.Now < Instant.Zero + _scenario.Duration) _agenda.After(Appraisal.Every, Look);
    }

    private void ArriveNext()
    {
        var pause = TrafficScenario.Exponential(TimeSpan.FromSeconds(1 / _scenario.Rate), _arrivals);
        if ((_agenda.Now + pause).Ticks >= _scenario.Duration.Ticks) return;
        _agenda.After(pause, () =>
        {
            var request = new Request(_agenda.Now, _scenario.Class(_work));
            if (Counts(request)) (_requests, _classes[(int)request.Class].Requests) =
                (_requests + 1, _classes[(int)request.Class].Requests + 1);
            _service.Counters.Enter();
            Admit(request);
            ArriveNext();
        });
    }

    private bool Counts(Request request) => request.Arrived >= Instant.Zero + _scenario.WarmUp;

    private void Admit(Request request)
    {
        if (_service.Counters.Admission is not { } admission || admission.TryEnter())
        {
            Try(request);
            return;
        }
        var waiting = new Caller(request.Class, admitted =>
        {
            if (admitted) _agenda.After(TimeSpan.Zero, () => Try(request));
            else Refuse(request);
        });
        if (!admission.TryWait(waiting)) Refuse(request);
        else _agenda.After(admission.Spec.QueueTime, () =>
        {
            if (admission.GiveUp(waiting)) Refuse(request);
        });
    }

    private void Refuse(Request request)
    {
        if (Counts(request)) _refused++;
        _service.Counters.Leave();
    }

    private void Try(Request request)
    {
        if (Balancer.Pick(_service, in request.Tried, _chance.NextUInt64(), _agenda.Now) is not { } backend)
        {
            Finish(request);
            return;
        }
        var desk = _desks.First(d => d.Backend == backend);
        backend.Counters.Enter();
        backend.Counters.Begin();
        request.Begin(backend);
        _attempts++;
        desk.Got++;
        var (attempt, begun) = (request.Attempts, _agenda.Now);
        _agenda.After(_scenario.Timeout, () => End(request, attempt, desk, _scenario.GivenUp, 0, begun));
        desk.Queue.Enqueue((request, attempt, begun));
        _mostQueued = Math.Max(_mostQueued, desk.Queue.Count + desk.Working);
        Work(desk);
    }

    private void Work(Desk desk)
    {
        if (desk.Working >= _scenario.Slots || !desk.Queue.TryDequeue(out var next)) return;
        desk.Working++;
        var serving = _scenario.Serve(desk.Index, _agenda.Now, _work);
        var outcome = serving.Status >= 500 ? AttemptOutcome.ServerError : AttemptOutcome.Answered;
        _agenda.After(serving.Takes, () =>
        {
            desk.Working--;
            End(next.Request, next.Attempt, desk, outcome, serving.Status, next.Begun);
            Work(desk);
        });
    }

    /// <summary>The answer and the time-out race; the second of the two finds that the attempt is over.</summary>
    private void End(Request request, int attempt, Desk desk, AttemptOutcome outcome, int status, Instant begun)
    {
        if (!request.TryEnd(attempt)) return;
        var (now, backend) = (_agenda.Now, desk.Backend);
        backend.Counters.Leave();
        var ended = new Attempt(outcome, status, now - begun, _chance.NextUInt64());
        if (_scenario.Ejects) Ejection.Report(_service, backend, in ended, now);
        else backend.Counters.Learn(in ended, now);
        if (outcome != AttemptOutcome.Answered && MayRetry(request, outcome, status))
        {
            Try(request);
            return;
        }
        if (outcome == AttemptOutcome.Answered && Counts(request))
        {
            _latencies.Add(now - request.Arrived);
            _classes[(int)request.Class].Succeeded++;
        }
        Finish(request);
    }

    private bool MayRetry(Request request, AttemptOutcome outcome, int status)
    {
        if (!_scenario.Retries) return false;
        var soFar = new RequestSoFar(
            true, outcome, status, 0, request.Attempts, request.Attempts, _agenda.Now - request.Arrived);
        return RetryPolicy.Decide(in soFar) switch
        {
            RetryDecision.Retry => true,
            RetryDecision.RetryOnBudget =>
                !_scenario.Budgeted || request.OnBudget
                || (request.OnBudget = _service.Counters.TryStartRetry()),
            _ => false,
        };
    }

    private void Finish(Request request)
    {
        if (request.OnBudget) _service.Counters.EndRetry();
        _service.Counters.Admission?.Leave();
        _service.Counters.Leave();
    }

    private sealed class Caller(PriorityClass @class, Action<bool> settled) : Waiting(@class)
    {
        protected internal override void Settle(bool admitted) => settled(admitted);
    }

    /// <summary>A backend's own queue.</summary>
    private sealed class Desk(Backend backend, int index)
    {
        public Backend Backend => backend;
        public int Index => index;
        public Queue<(Request Request, int Attempt, Instant Begun)> Queue { get; } = [];
        public int Working { get; set; }
        public int Got { get; set; }
    }

    private sealed class Request(Instant arrived, PriorityClass @class)
    {
        private Tried _tried;
        private int _ended;

        public Instant Arrived => arrived;
        public PriorityClass Class => @class;
        public ref readonly Tried Tried => ref _tried;
        public int Attempts { get; private set; }
        public bool OnBudget { get; set; }

        public void Begin(Backend backend)
        {
            _tried.Add(backend);
            Attempts++;
        }

        public bool TryEnd(int attempt)
        {
            if (_ended >= attempt) return false;
            _ended = attempt;
            return true;
        }
    }
}
