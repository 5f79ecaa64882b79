using Microsoft.Net.Http.Headers;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>What one request gets when no backend of its service is left: step by step what
/// <see cref="DegradeSpec"/> names. It stands among the request's features, where <see cref="Reply"/> finds
/// it.</summary>
internal sealed class Degraded
{
    /// <summary>Tells a client that this is not the service's own answer of now.</summary>
    private const string Header = "Tangram-Degraded";

    /// <summary>Services that answer for each other form no circle; this is for one that was stored all the
    /// same.</summary>
    private const int MostServices = 8;

    private readonly StoredAnswers _answers;
    private readonly Routes _routes;
    private readonly Func<ServiceName, Task> _serve;
    private readonly Passage? _passage;
    private readonly LinkedList<(RoutedService Of, Step Step)> _steps = [];
    private AnswerTee? _tee;
    private string? _key;
    private string? _label;
    private int _services;

    private enum Step { Other, Stale, Fixed }

    private Degraded(StoredAnswers answers, Routes routes, Passage? passage, Func<ServiceName, Task> serve) =>
        (_answers, _routes, _passage, _serve) = (answers, routes, passage, serve);

    /// <summary>The request says already what backends shall get.</summary>
    public bool IsPrepared { get; set; }

    public static Degraded? Of(HttpContext context) => context.Features.Get<Degraded>();

    /// <summary>Null when the service has nothing to give instead, nor one that it answers for.</summary>
    /// <param name="serve">Has another service answer.</param>
    public static Degraded? Begin(HttpContext context, RoutedService service, StoredAnswers answers, Routes routes,
        Passage? passage, Func<ServiceName, Task> serve)
    {
        var degraded = Of(context);
        if (service.Traffic.Degrade is not { } spec || spec is { To: null, Stale: null, Response: null })
            return degraded;
        if (degraded is null)
        {
            context.Features.Set(degraded = new Degraded(answers, routes, passage, serve));
            degraded.Watch(context, service, spec);
        }
        degraded.Add(service, spec);
        return degraded;
    }

    /// <summary>Nobody has been there for a while, so the request need not wait for somebody to come.</summary>
    public bool IsLost(RoutedService service, TimeSpan patience) =>
        _steps.Count > 0 && service.Counters.Degrade.WithoutBackend(service, _routes.Now) > patience;

    /// <summary>False: there is nothing to give instead, and nothing was written.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext context)
    {
        _tee?.Forget();
        while (_steps.First is { Value: var (service, step) })
        {
            _steps.RemoveFirst();
            var spec = service.Traffic.Degrade!;
            if (step == Step.Other && spec.To is { } to && MayPassOn(context))
            {
                service.Counters.Degrade.CountOther();
                Label(context, $"to={to}");
                await _serve(to).ConfigureAwait(false);
                return true;
            }
            if (step == Step.Stale && await TryStaleAsync(context, service, spec).ConfigureAwait(false)) return true;
            if (step == Step.Fixed && spec.Response is { } response)
            {
                service.Counters.Degrade.CountFixed();
                Label(context, "response");
                await WriteAsync(context, response).ConfigureAwait(false);
                return true;
            }
        }
        _label = null;
        return false;
    }

    /// <summary>Keeps the answer that was given, if it is a good one that may be kept.</summary>
    public void Keep(HttpContext context, RoutedService service, AttemptOutcome outcome)
    {
        if (_tee is not { } tee || _key is null) return;
        context.Response.Body = tee.To;
        _tee = null;
        if (_label is null && outcome == AttemptOutcome.Answered && tee.Kept is { } body
            && !context.RequestAborted.IsCancellationRequested
            && (context.Response.ContentLength is not { } length || length == body.Length)
            && StoredForm.MayKeep(context, service))
            _answers.Keep(_key, StoredForm.Of(context, body, _routes.Now));
    }

    private void Add(RoutedService service, DegradeSpec spec)
    {
        if (_services++ >= MostServices) return;
        if (spec.Response is not null) _steps.AddFirst((service, Step.Fixed));
        if (spec.Stale is not null) _steps.AddFirst((service, Step.Stale));
        if (spec.To is not null) _steps.AddFirst((service, Step.Other));
    }

    private void Watch(HttpContext context, RoutedService service, DegradeSpec spec)
    {
        if (spec.Stale is null || HttpView.IsUpgrade(context)) return;
        _key = StoredForm.Key(context, service.Name);
        if (!StoreRules.MayKeep(context.Request.Method, context.Request.Headers.CacheControl.ToString())
            || !_answers.Wants(_key, _routes.Now)) return;
        context.Response.Body = _tee = new AnswerTee(context.Response.Body, StoredAnswers.LargestBody,
            () => StoredForm.MayKeep(context, service));
    }

    /// <summary>What was taken of a body cannot be sent again, and what is late already is late there too.</summary>
    private bool MayPassOn(HttpContext context) =>
        context.Request.Body is not CountedBody { Taken: > 0 } && _passage is not { TimedOut: true };

    private async Task<bool> TryStaleAsync(HttpContext context, RoutedService service, DegradeSpec spec)
    {
        var headers = context.Request.Headers;
        if (spec.Stale is not { } oldest || !StoreRules.MayUse(
            context.Request.Method, headers.CacheControl.ToString(), headers.Pragma.ToString())) return false;
        var key = StoredForm.Key(context, service.Name);
        var now = _routes.Now;
        if (_answers.Find(key, oldest, now, name => headers[name].ToString()) is not { } answer) return false;
        service.Counters.Degrade.CountStale();
        Label(context, "stale");
        await StoredForm.WriteAsync(context, answer, now).ConfigureAwait(false);
        return true;
    }

    /// <summary>When the answer begins; what is written before may be taken back.</summary>
    private void Label(HttpContext context, string label)
    {
        var first = _label is null;
        _label = label;
        if (first)
            context.Response.OnStarting(static state =>
            {
                var (self, response) = ((Degraded, HttpResponse))state;
                if (self._label is { } final) response.Headers[Header] = final;
                return Task.CompletedTask;
            }, (this, context.Response));
    }

    private static async Task WriteAsync(HttpContext context, FixedAnswerSpec answer)
    {
        var (response, bytes) = (context.Response, System.Text.Encoding.UTF8.GetBytes(answer.Body));
        response.StatusCode = answer.Status;
        response.ContentType = answer.Type;
        response.Headers.CacheControl = "no-store";
        if (answer.Status == StatusCodes.Status503ServiceUnavailable) response.Headers[HeaderNames.RetryAfter] = "1";
        if (answer.Status is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified) return;
        response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(bytes).ConfigureAwait(false);
    }
}
