using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Tangram.Model;
using Tangram.Routing.Records;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>One request on its way through the gateway, over all of its attempts.</summary>
internal sealed class Exchange
{
    private readonly Routes _routes;
    private readonly OpenListener _listener;
    private readonly Instant _arrived;
    private CountedBody? _body;
    private readonly Passage? _passage;
    private readonly Affinity _affinity;
    private readonly RequestNote? _note;
    private RoutedService _service;
    private Tried _tried;
    private Choice? _next;
    private Instant _begun;
    private int _attempts;
    private int _sent;
    private bool _onBudget;
    private Backend? _at;

    public Exchange(
        HttpContext context, Routes routes, RoutedService service, OpenListener listener, Passage? passage = null)
    {
        (_routes, _service, _listener, _arrived) = (routes, service, listener, routes.Now);
        _passage = passage;
        if ((_note = context.Features.Get<RequestNote>()) is not null) _note.Service = service;
        _affinity = Affinities.Of(context, service);
        IsUpgrade = HttpView.IsUpgrade(context);
        Repeatable = !IsUpgrade && RetryPolicy.IsSafe(context.Request.Method);
    }

    public bool IsUpgrade { get; }
    public bool Repeatable { get; }
    public bool HasBody => _body is not null;

    /// <summary>Fires when the answer should have begun and has not.</summary>
    public CancellationToken Late => _passage?.Late ?? CancellationToken.None;
    public AttemptOutcome Outcome { get; private set; }
    public Backend? Last { get; private set; }

    /// <summary>When the attempt under way began.</summary>
    public Instant Begun => _begun;

    /// <summary>How long the attempt under way has for itself before a second is made beside it; null: it stays alone,
    /// as does a client that shall stay with its replica.</summary>
    public TimeSpan? HedgeAfter => _service.Counters.Hedging is { } hedging && Repeatable && !HasBody && _attempts == 1
        && _service.Sticky is null ? hedging.Delay(_service, _passage?.Deadline - _begun) : null;

    /// <summary>The attempt under way has the head of an answer.</summary>
    public bool Answered { get; private set; }

    /// <summary>When its patience for a backend to appear ends; set by its first wait.</summary>
    public Instant? WaitsUntil { get; set; }

    /// <summary>What is taken of the request's body is counted from now on.</summary>
    public void CountBody(HttpContext context)
    {
        if (!IsUpgrade && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            context.Request.Body = _body = new CountedBody(context.Request.Body, _routes);
    }

    /// <summary>Chooses a backend that was not tried yet, and counts the request in there.</summary>
    public bool TryChoose()
    {
        if (_next is not null) return true;
        var side = _passage?.Side.Revision ?? RevisionSide.Any;
        if (_routes.Choose(_service.Name, in _tried, in _affinity, side) is not { } choice) return false;
        (_next, _service) = (choice, choice.Service);
        return true;
    }

    /// <summary>After a wait, a backend that refused may be back.</summary>
    public void TryAllAgain() => _tried.Clear();

    public Choice Begin()
    {
        var choice = _next!.Value;
        (_next, _at, Last, Answered) = (null, choice.Backend, choice.Backend, false);
        _begun = _routes.Now;
        _tried.Add(choice.Backend);
        choice.Backend.Counters.Begin();
        _attempts++;
        _note?.Begin(choice.Service, choice.Backend);
        return choice;
    }

    /// <summary>The attempt under way leaves its backend.</summary>
    public void Leave()
    {
        if (_at is { } backend) _routes.Leave(backend);
        _at = null;
    }

    /// <summary>Another backend for a second attempt beside the one under way, and when it begins; null: there is none,
    /// or the retry budget is used up.</summary>
    public (Choice Choice, Instant Begun)? TryHedge(HttpContext context)
    {
        if (!_service.Counters.TryStartRetry()) return null;
        _onBudget = true;
        var side = _passage?.Side.Revision ?? RevisionSide.Any;
        if (_routes.Choose(_service.Name, in _tried, default, side) is not { } choice)
        {
            ReleaseBudget();
            return null;
        }
        _tried.Add(choice.Backend);
        choice.Backend.Counters.Begin();
        (_attempts, _sent) = (_attempts + 1, _sent + 1);
        _note?.Hedge(choice.Backend);
        _service.Counters.Figures.Hedges.Add();
        var now = _routes.Now;
        _passage?.TellTime(context.Request, now);
        return (choice, now);
    }

    /// <summary>The second attempt answers first: it is the one under way from now on.</summary>
    public void Overtake(Choice choice, Instant begun)
    {
        (_at, Last, _begun, _service) = (choice.Backend, choice.Backend, begun, choice.Service);
        _note?.Overtake(choice.Backend);
        _service.Counters.Figures.HedgesWon.Add();
    }

    /// <summary>One of two attempts has ended without being the request's: its backend learns from it and is left.
    /// Others go on meanwhile, so it touches nothing else of this.</summary>
    /// <param name="isSlow">The other one overtook it.</param>
    public void LetGo(Choice choice, Instant begun, AttemptOutcome outcome, int status = 0, bool isSlow = false)
    {
        var (now, backend) = (_routes.Now, choice.Backend);
        var attempt = new Attempt(outcome, status, now - begun, _routes.NextChance());
        // Being overtaken says nothing of the service, and no client has left.
        if (outcome == AttemptOutcome.ClientFault) backend.Counters.Learn(in attempt, now);
        else Ejection.Report(choice.Service, backend, in attempt, now);
        backend.Counters.Figures.Ended(outcome, status, null);
        if (isSlow) choice.Service.Counters.Hedging?.Learn(now - begun);
        _routes.Leave(backend);
    }

    /// <summary>Learns from the attempt's end. True when the request shall go to another backend.</summary>
    public bool End(HttpContext context, AttemptEnding ending)
    {
        if (_next is not null) return true;
        if (ending.Outcome == AttemptOutcome.Answered) return false;
        Outcome = ending.Outcome;
        if (Outcome != AttemptOutcome.ClientFault && !Answered && _passage is { TimedOut: true })
            Outcome = AttemptOutcome.TimedOut;
        if (Outcome is not (AttemptOutcome.ClientFault or AttemptOutcome.NeverSent) && !Answered) _sent++;
        Report(Outcome, 0);
        if (Outcome == AttemptOutcome.ClientFault) return false;
        if (Outcome == AttemptOutcome.NeverSent && ending.Unreachable) _routes.Lose(Last!);
        // A response that was cut before any of it went to the client is no response to the client.
        return !context.Response.HasStarted && _passage is not { TimedOut: true }
            && MayRetry(Outcome == AttemptOutcome.Cut ? AttemptOutcome.NoAnswer : Outcome, 0);
    }

    /// <summary>Gives back what it still holds.</summary>
    public void Finish()
    {
        ReleaseBudget();
        if (_next is { } choice) _routes.Leave(choice.Backend);
        _next = null;
    }

    /// <summary>As the service shall get it.</summary>
    public PathString PathOf(HttpContext context) => _passage?.PathOf(context.Request) ?? context.Request.Path;

    /// <summary>Learns from an answer's head. False when another backend shall answer instead.</summary>
    public bool Keeps(int status)
    {
        var outcome = status >= 500 ? AttemptOutcome.ServerError : AttemptOutcome.Answered;
        Report(outcome, status);
        Answered = true;
        _sent++;
        // A server's error is worth another attempt only while there is another backend; else it is the answer.
        if (outcome == AttemptOutcome.ServerError && MayRetry(outcome, status) && TryChoose()) return false;
        _passage?.Answered();
        return true;
    }

    /// <summary>Adds to the answer what the gateway has to say.</summary>
    public void Dress(HttpContext context)
    {
        Affinities.Keep(context, _service, Last!, in _affinity);
        _passage?.Change(context.Response);
        if (!_listener.Stays && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers[HeaderNames.Connection] = "close";
        if (_listener.AltSvc is { } alternative) context.Response.Headers.AltSvc = alternative;
        ReleaseBudget();
    }

    /// <summary>What comes after the answer's head has no latency of its own.</summary>
    private void Report(AttemptOutcome outcome, int status)
    {
        var now = _routes.Now;
        var asked = _body is { Taken: > 0 } body && body.LastRead > _begun ? body.LastRead : _begun;
        var attempt = new Attempt(outcome, status, Answered ? null : now - asked, _routes.NextChance());
        Ejection.Report(_service, Last!, in attempt, now);
        _note?.End(in attempt);
    }

    private bool MayRetry(AttemptOutcome outcome, int status)
    {
        var elapsed = _routes.Now - _arrived;
        var soFar = new RequestSoFar(Repeatable, outcome, status, _body?.Taken ?? 0, _attempts, _sent, elapsed)
        {
            Left = _passage?.Deadline - _routes.Now, Needs = RemainingTime.Least(_service),
        };
        return RetryPolicy.Decide(in soFar) switch
        {
            RetryDecision.Retry => true,
            RetryDecision.RetryOnBudget => _onBudget || (_onBudget = _service.Counters.TryStartRetry()),
            _ => false,
        };
    }

    /// <summary>A place in the budget is held from the first repetition to the beginning of the answer.</summary>
    private void ReleaseBudget()
    {
        if (_onBudget) _service.Counters.EndRetry();
        _onBudget = false;
    }
}
