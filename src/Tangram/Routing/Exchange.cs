using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Tangram.Model;
using Tangram.Routing.Rules;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>One request on its way through the gateway, over all of its attempts; also the forwarder's view of
/// it.</summary>
internal sealed class Exchange : HttpTransformer
{
    private readonly Routes _routes;
    private readonly OpenListener _listener;
    private readonly AnswerHold _hold;
    private readonly Instant _arrived;
    private readonly CountedBody? _body;
    private readonly Passage? _passage;
    private readonly Affinity _affinity;
    private RoutedService _service;
    private Tried _tried;
    private Choice? _next;
    private CancellationToken _abandon;
    private Instant _begun;
    private int _attempts;
    private int _sent;
    private bool _answered;
    private bool _onBudget;

    public Exchange(
        HttpContext context, Routes routes, RoutedService service, OpenListener listener, AnswerHold hold,
        Passage? passage = null)
    {
        (_routes, _service, _listener, _hold, _arrived) = (routes, service, listener, hold, routes.Now);
        _passage = passage;
        _affinity = Affinities.Of(context, service);
        IsUpgrade = HttpView.IsUpgrade(context);
        Repeatable = !IsUpgrade && RetryPolicy.IsSafe(context.Request.Method);
        if (!IsUpgrade && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            context.Request.Body = _body = new CountedBody(context.Request.Body, routes);
    }

    public bool IsUpgrade { get; }
    public bool Repeatable { get; }
    public AttemptOutcome Outcome { get; private set; }
    public Backend? Last { get; private set; }

    /// <summary>When its patience for a backend to appear ends; set by its first wait.</summary>
    public Instant? WaitsUntil { get; set; }

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
        (_next, Last, _abandon, _answered) = (null, choice.Backend, choice.Abandon, false);
        _begun = _routes.Now;
        _tried.Add(choice.Backend);
        _attempts++;
        return choice;
    }

    /// <summary>Learns from the attempt's end. True when the request shall go to another backend.</summary>
    public bool End(HttpContext context, ForwarderError error)
    {
        if (_next is not null) return true;
        if (error == ForwarderError.None) return false;
        Outcome = AttemptEnd.Read(context, error, _answered, _abandon.IsCancellationRequested);
        if (Outcome != AttemptOutcome.ClientFault && !_answered && _passage is { TimedOut: true })
            Outcome = AttemptOutcome.TimedOut;
        if (Outcome == AttemptOutcome.ClientFault)
        {
            Report(Outcome, 0);
            return false;
        }
        if (!_answered && Outcome != AttemptOutcome.NeverSent) _sent++;
        Report(Outcome, 0);
        if (Outcome == AttemptOutcome.NeverSent && AttemptEnd.IsUnreachable(context)) _routes.Lose(Last!);
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

    public override async ValueTask TransformRequestAsync(
        HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellation)
    {
        await base.TransformRequestAsync(context, request, destinationPrefix, cancellation).ConfigureAwait(false);
        Forwarded.Write(context, request, keep: _passage?.KeepsForwarded
            ?? (_listener.Listener.Internal || _routes.Table.Trusts(context.Connection.RemoteIpAddress)));
        _passage?.Change(context, request, destinationPrefix);
    }

    public override ValueTask<bool> TransformResponseAsync(
        HttpContext context, HttpResponseMessage? response, CancellationToken cancellation)
    {
        if (response is null) return ValueTask.FromResult(false);
        var status = (int)response.StatusCode;
        var outcome = status >= 500 ? AttemptOutcome.ServerError : AttemptOutcome.Answered;
        Report(outcome, status);
        _answered = true;
        _sent++;
        // A server's error is worth another attempt only while there is another backend; else it is the answer.
        if (outcome == AttemptOutcome.ServerError && MayRetry(outcome, status) && TryChoose())
            return ValueTask.FromResult(false);
        return DeliverAsync(context, response, cancellation);
    }

    /// <summary>What comes after the answer's head has no latency of its own.</summary>
    private void Report(AttemptOutcome outcome, int status)
    {
        var now = _routes.Now;
        var asked = _body is { Taken: > 0 } body && body.LastRead > _begun ? body.LastRead : _begun;
        var attempt = new Attempt(outcome, status, _answered ? null : now - asked, _routes.NextChance());
        Ejection.Report(_service, Last!, in attempt, now);
    }

    private async ValueTask<bool> DeliverAsync(
        HttpContext context, HttpResponseMessage response, CancellationToken cancellation)
    {
        _passage?.Answered();
        var deliver = await base.TransformResponseAsync(context, response, cancellation).ConfigureAwait(false);
        Affinities.Keep(context, _service, Last!, in _affinity);
        _passage?.Change(context.Response);
        if (!_listener.Stays && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers[HeaderNames.Connection] = "close";
        // When this fails, nothing has gone to the client yet, and the request may be repeated.
        if (Repeatable && await _hold.DeliverAsync(context, response, cancellation).ConfigureAwait(false))
            deliver = false;
        ReleaseBudget();
        return deliver;
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
