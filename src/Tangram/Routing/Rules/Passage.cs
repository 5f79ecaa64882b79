using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>One request on a route that does more than lead to its service: what was decided for it, and what changes
/// on the way.</summary>
internal sealed class Passage : IDisposable
{
    private readonly Route _route;
    private readonly HttpView _view;
    private readonly string? _path;
    private readonly CancellationTokenSource? _deadline;
    private readonly RateVerdict? _rate;
    private readonly Instant _begun;
    private Action? _finished;

    /// <param name="given">How long the client gives it.</param>
    public Passage(
        HttpContext context, Route route, HttpView view, Routes routes, TimeProvider time, TimeSpan? given = null)
    {
        var treatment = route.Treatment ?? new TreatmentSpec();
        (_route, _view, Treatment, _begun) = (route, view, treatment, routes.Now);
        if (route.Limiter is { } limiter)
            _rate = limiter.Take(RequestKey.Of(limiter.Spec.By, view, routes.Table.KeySeed ?? routes.Seed), routes.Now);
        if (_rate is { Allowed: false } || route.Service is not { } own) return;
        Side = treatment.Split is { } split
            ? Split.Choose(split, own, At(split, own, view, routes))
            : new Side(own, RevisionSide.Any);
        if (treatment.Rewrite is { } instead)
            _path = NewPath.Of(route.Spec, context.Request.Path.Value ?? "", instead);
        // What clients say only shortens it.
        if ((given < treatment.Timeout ? given : treatment.Timeout ?? given) is not { } timeout) return;
        _deadline = new CancellationTokenSource(timeout, time);
        Deadline = _begun + timeout;
    }

    public Side Side { get; }
    public TreatmentSpec Treatment { get; }

    /// <summary>The caller is believed when it says who its client is.</summary>
    public required bool KeepsForwarded { get; init; }

    /// <summary>When the answer must have begun; null: no such time.</summary>
    public Instant? Deadline { get; }
    public bool TimedOut => _deadline is { IsCancellationRequested: true };

    public bool IsLate(Instant now) => TimedOut || now >= Deadline;

    /// <summary>How long the client gives the request; null when it does not say.</summary>
    public static TimeSpan? TimeGiven(HttpRequest request)
    {
        var headers = request.Headers;
        if (headers.TryGetValue(RemainingTime.Header, out var told)) return RemainingTime.Read(told);
        return headers.TryGetValue(RemainingTime.GrpcHeader, out told) && HttpView.IsGrpc(request)
            ? RemainingTime.ReadGrpc(told)
            : null;
    }

    /// <summary>Tells the backend what is left, each attempt anew.</summary>
    public void TellTime(HttpRequest request, Instant now)
    {
        if (Deadline is not { } deadline) return;
        var (headers, left) = (request.Headers, deadline - now);
        if (HttpView.IsGrpc(request)) headers[RemainingTime.GrpcHeader] = RemainingTime.WriteGrpc(left);
        else headers[RemainingTime.Header] = RemainingTime.Write(left);
    }

    /// <summary>As the service shall get it.</summary>
    public PathString PathOf(HttpRequest request) => _path is null ? request.Path : new PathString(_path);

    /// <summary>Null: the request goes on. Else the gateway's own answer.</summary>
    public Task? Answer(HttpContext context)
    {
        if (_rate is { Allowed: false } rate)
        {
            WriteRate(context.Response, rate);
            Change(context.Response);
            return Reply.TooManyAsync(context, rate.RetryAfter);
        }
        if (Deadline is not null && IsLate(_begun)) return Reply.TooLateAsync(context);
        if (Treatment.Redirect is not { } redirect) return _route.Service is null ? Reply.NoRouteAsync(context) : null;
        var request = context.Request;
        var location = NewPath.Location(_route.Spec, redirect, _view.Scheme, request.Host.ToUriComponent(),
            request.Path.Value ?? "", path => new PathString(path).ToUriComponent());
        Change(context.Response);
        return location is null
            ? Reply.NoHostAsync(context)
            : Reply.RedirectAsync(context, redirect.Status, location + request.QueryString.ToUriComponent());
    }

    /// <summary>Fires at <see cref="Deadline"/>, unless the answer has begun.</summary>
    public CancellationToken Late => _deadline?.Token ?? CancellationToken.None;

    /// <summary>The answer begins, and may take its time from now on.</summary>
    public void Answered() => _deadline?.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>Changes the answer for the client.</summary>
    public void Change(HttpResponse response)
    {
        if (_rate is { Allowed: true } rate) WriteRate(response, rate);
        foreach (var change in Treatment.ResponseHeaders) HeaderChanges.Make(change, response.Headers);
    }

    /// <summary>Called once when the request has ended, however it did.</summary>
    public void OnFinished(Action finished) => _finished += finished;

    public void Dispose()
    {
        _finished?.Invoke();
        _deadline?.Dispose();
    }

    private double At(SplitSpec split, ServiceName own, HttpView view, Routes routes) =>
        RequestKey.Fraction(split.By.Source == KeySource.None
            ? routes.Chance()
            : RequestKey.Of(split.By, view, Split.Seed(_route.Spec, own)));

    private void WriteRate(HttpResponse response, RateVerdict rate)
    {
        var headers = response.Headers;
        headers["RateLimit-Limit"] = Number(_route.Limiter!.Spec.Burst);
        headers["RateLimit-Remaining"] = Number(rate.Remaining);
        headers["RateLimit-Reset"] = Number((long)Math.Ceiling(rate.Full.TotalSeconds));
    }

    private static string Number(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
