using System.Net;
using System.Runtime.CompilerServices;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing.Records;

/// <summary>What becomes of one request, noted while it passes, for the figures and the access log. One request at a
/// time has it; afterwards it is used again, so that noting allocates nothing.</summary>
public sealed class RequestNote
{
    /// <summary>More are seldom, and counted all the same.</summary>
    public const int MostTold = 4;

    private Tries _tries;

    public Instant Began { get; private set; }

    /// <summary>Null: it came to a service's own address, or no route leads from where it went.</summary>
    public Route? Route { get; private set; }
    public RoutedService? Service { get; set; }

    /// <summary>The backend of the last attempt.</summary>
    public Backend? Backend { get; private set; }
    public int Attempts { get; private set; }

    /// <summary>Some of them were beside others.</summary>
    public bool Hedged { get; private set; }

    /// <summary>Of <see cref="Told"/> the one whose answer the client got, or the last.</summary>
    public int Current { get; private set; }

    /// <summary>The gateway's own word when the answer is its own.</summary>
    public string? Reply { get; set; }

    // What follows is filled in at the end, when there is a log.
    public DateTimeOffset At { get; set; }
    public TimeSpan Took { get; private set; }
    public IPAddress? Client { get; set; }
    public string Method { get; set; } = "";
    public string Host { get; set; } = "";

    /// <summary>As it was sent, with the query.</summary>
    public string Target { get; set; } = "";
    public string Protocol { get; set; } = "";
    public int Status { get; private set; }

    /// <summary>Of the answer's body.</summary>
    public long Bytes { get; set; }
    public string? Referer { get; set; }
    public string? UserAgent { get; set; }

    /// <summary>Null: the request carries none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The attempts that are remembered, the first ones.</summary>
    public ReadOnlySpan<Try> Told => ((ReadOnlySpan<Try>)_tries)[..Math.Min(Attempts, MostTold)];

    public void Begin(Instant now, GatewayFigures gateway)
    {
        Began = now;
        gateway.Enter();
    }

    /// <summary>It follows this route.</summary>
    public void Take(Route route)
    {
        Route = route;
        route.Figures.Enter();
    }

    /// <summary>It is sent to a backend, for the first time or again.</summary>
    public void Begin(RoutedService service, Backend backend)
    {
        if (Attempts > 0)
        {
            service.Counters.Figures.Retries.Add();
            Backend?.Counters.Figures.Retried.Add();
        }
        Add(backend);
        (Service, Backend, Current) = (service, backend, Attempts - 1);
    }

    /// <summary>It is sent to a second backend while the first has not answered.</summary>
    public void Hedge(Backend backend)
    {
        Add(backend);
        Hedged = true;
    }

    /// <summary>That second one answers first.</summary>
    public void Overtake(Backend backend) => (Backend, Current) = (backend, Attempts - 1);

    /// <summary>That attempt has ended, or its answer has begun; an answer may be cut afterwards.</summary>
    public void End(in Attempt attempt)
    {
        if (Backend is not { } backend) return;
        backend.Counters.Figures.Ended(attempt.Outcome, attempt.Status, attempt.Took);
        if (Current < MostTold)
            _tries[Current] = new Try(backend, attempt.Outcome, attempt.Status, backend.Counters.Ejected);
    }

    /// <summary>The request has ended.</summary>
    /// <param name="status">0: the client left before there was one.</param>
    public void Finish(int status, Instant now, GatewayFigures gateway)
    {
        (Status, Took) = (status, now - Began);
        gateway.Leave();
        gateway.Codes.Count(status);
        if (Reply is { } reply) gateway.Replies.Add(reply);
        // What changes its protocol goes on for hours; that is no latency.
        var timed = status is not (0 or 101);
        if (Route is { } route)
        {
            route.Figures.Leave();
            route.Figures.Codes.Count(status);
            if (timed) route.Figures.Latency.Count(Took);
            if (Reply == "rate-limit") route.Figures.RateLimited.Add();
        }
        if (Service is not { } service) return;
        service.Counters.Figures.Codes.Count(status);
        if (timed) service.Counters.Figures.Latency.Count(Took);
        if (Reply is { } word && Attempts == 0) service.Counters.Figures.Refused.Add(word);
    }

    /// <summary>For the next request.</summary>
    public void Clear()
    {
        (Route, Service, Backend, Reply) = (null, null, null, null);
        (Attempts, Current, Hedged, _tries) = (0, 0, false, default);
        (Client, Referer, UserAgent, TraceParent, Bytes) = (null, null, null, null, 0);
        (Method, Host, Target, Protocol) = ("", "", "", "");
    }

    private void Add(Backend backend)
    {
        if (Attempts < MostTold) _tries[Attempts] = new Try(backend, null, 0, false);
        Attempts++;
    }

    [InlineArray(MostTold)]
    private struct Tries
    {
        private Try _first;
    }
}

/// <param name="Outcome">Null: it has not ended.</param>
/// <param name="Ejected">The backend was ejected right afterwards.</param>
public readonly record struct Try(Backend Backend, AttemptOutcome? Outcome, int Status, bool Ejected);
