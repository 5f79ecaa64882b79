using Tangram.Model;
using Tangram.Proving.Replaying;
using Tangram.Proving.Scenarios;

namespace Tangram.Proving;

/// <summary>What to offer to a server: requests at a rate, each at its intended time, whether or not the ones
/// before it have been answered (an open loop); or, with <see cref="Users"/>, a number of users of whom each asks
/// again when it has its answer (a closed loop).</summary>
public sealed record LoadOptions
{
    public const double HighestRate = 100_000;
    public const int HighestInFlight = 100_000;

    public const int HighestUsers = 200_000;
    public const int HighestThreads = 256;

    /// <summary>Absolute, http or https; ws or wss for messages on standing connections.</summary>
    public required Uri Url { get; init; }

    /// <summary>Requests per second, all classes together. Without meaning when there are <see
    /// cref="Users"/>.</summary>
    public required double Rate { get; init; }
    public required TimeSpan Duration { get; init; }

    /// <summary>How the rate goes over time; then <see cref="Rate"/> is its mean. Null: it is constant.</summary>
    public LoadProfile.Open? Profile { get; init; }
    public LoadProfile.Open Shape => Profile ?? LoadProfile.Constant(Rate, Duration);

    /// <summary>The access log that says what to ask for, and when: then <see cref="Rate"/> is its mean, and <see
    /// cref="Mix"/> has its methods. Null: there is none.</summary>
    public ReplaySource? Replay { get; init; }
    public string Method { get; init; } = "GET";
    public string? Body { get; init; }
    public EquatableArray<LoadHeader> Headers { get; init; }

    /// <summary>Kinds of requests to mix and count apart. Empty: only <see cref="Method"/> on <see
    /// cref="Url"/>.</summary>
    public EquatableArray<LoadClass> Mix { get; init; }

    /// <summary>How long a request may take from when it was begun to the end of its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Other addresses of the same server, of which scheme, host and port count. Requests take turns, and one
    /// whose connection failed tries the next: <see cref="LoadOutcome.MayGoElsewhere"/>.</summary>
    public EquatableArray<Uri> Also { get; init; }

    /// <summary>A connection has failed when the other machine has acknowledged nothing for so long: neither the
    /// attempt, nor what was sent, nor a question whether it is still there. A server that is slow to answer
    /// acknowledges. Null: <see cref="Timeout"/>, or one second when there is another address to try.</summary>
    public TimeSpan? LostAfter { get; init; }

    /// <summary>At most so many connections to a host; waiting for one counts as latency. Many, because callers who
    /// do not know of each other do not queue behind each other's slow request; not without end, because a hiccup
    /// would be followed by a storm of new connections, which no set of real callers makes.</summary>
    public int Connections { get; init; } = 1000;

    /// <summary>A request due while so many are unanswered is not sent and counts as failed: the memory of the
    /// generator has to end somewhere.</summary>
    public int MaxInFlight { get; init; } = 10_000;

    /// <summary>A header to carry an id of its own in every request, RUN-INDEX.</summary>
    public string? UniqueIdHeader { get; init; }

    /// <summary>A PEM file with the authorities that are trusted; null: the machine's.</summary>
    public string? CaFile { get; init; }

    /// <summary>The same as text, where the file is on another machine.</summary>
    public string? CaText { get; init; }

    /// <summary>The run passes when at most so many requests failed or were answered by something other than 2xx, or
    /// than the log that is replayed has.</summary>
    public long MaxFailed { get; init; }

    /// <summary>How often whoever follows the run is told how far it is.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Every request by HTTP/2, in clear text too, where both sides have to know (RFC 9113, 3.3). Otherwise by
    /// HTTP/1.1.</summary>
    public bool Http2 { get; init; }

    /// <summary>So many, each with a connection of its own. Null: an open loop at <see cref="Rate"/>.</summary>
    public int? Users { get; init; }

    /// <summary>What a user waits from an answer to its next request.</summary>
    public TimeSpan Think { get; init; }

    /// <summary>When several machines make this load, which of them this is: then <see cref="Users"/>, connections and
    /// threads are its own, and the rate is that of all.</summary>
    public LoadPart Part { get; init; } = LoadPart.Whole;

    public LoadEngine Engine { get; init; } = LoadEngine.Chosen;

    /// <summary>Of the generator. Null: as many as there are processors, or fewer if there is little to
    /// do.</summary>
    public int? Threads { get; init; }

    /// <summary>Null: only the time-out of a request ends the waiting.</summary>
    public TimeSpan? Silence => LostAfter ?? (Also.Count > 0 ? TimeSpan.FromSeconds(1) : null);

    public EquatableArray<LoadClass> Classes => Mix.Count > 0 ? Mix
        : [new LoadClass(LoadSockets.Is(Url) ? "message" : Method, Method, Url, Body, 1)];

    /// <summary>Everything that is wrong with these options, as sentences; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (Users is null && (Rate is not > 0 || Rate > HighestRate * Part.Of))
            yield return $"the rate is more than 0 and at most {HighestRate:0} a second" +
                (Part.Of > 1 ? " for each machine" : "");
        if (Duration <= TimeSpan.Zero || Duration > TimeSpan.FromDays(1))
            yield return "the duration is more than 0 and at most a day";
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromHours(1))
            yield return "the timeout is more than 0 and at most an hour";
        if (Connections <= 0) yield return "at least one connection is needed";
        if (MaxInFlight is <= 0 or > HighestInFlight)
            yield return $"between 1 and {HighestInFlight} requests may be in flight";
        if (MaxFailed < 0) yield return "the number of requests that may fail is not negative";
        if (LostAfter is { } silence && (silence < TimeSpan.FromMilliseconds(1) || silence > TimeSpan.FromHours(1)))
            yield return "a connection is lost after between 1 ms and an hour";
        foreach (var problem in Profile?.Problems() ?? []) yield return problem;
        foreach (var problem in LoadEngines.Problems(this).Concat(LoadSockets.Problems(this))) yield return problem;
        foreach (var url in Also.Where(url => !IsHttp(url))) yield return NotHttp(url);
        if (Also.Count > 0 && Classes.Any(c => IsHttp(c.Url) && IsHttp(Url) && c.Url.Authority != Url.Authority))
            yield return $"with other addresses to try, every request goes to {Url.Authority} first";
        foreach (var c in LoadSockets.Is(Url) ? [] : Classes)
        {
            if (!IsHttp(c.Url)) yield return NotHttp(c.Url);
            if (c.Method.Length == 0 || !c.Method.All(char.IsAsciiLetter))
                yield return $"'{c.Method}' is not an HTTP method";
            if (c.Share is not (> 0 and <= 1e6)) yield return $"the share of {c.Name} is more than 0";
        }
    }

    private static bool IsHttp(Uri url) => url.IsAbsoluteUri && url.Scheme is ("http" or "https");
    private static string NotHttp(Uri url) => $"'{url}' is not a URL that starts with http:// or https://";
}

public sealed record LoadHeader(string Name, string Value);

/// <summary>One kind of request. <paramref name="Share"/> is a weight: 4 and 1 mean four fifths and one
/// fifth.</summary>
public sealed record LoadClass(string Name, string Method, Uri Url, string? Body, double Share)
{
    /// <summary>To send twice, by its method (RFC 9110, 9.2.1).</summary>
    public bool IsSafe => Method is "GET" or "HEAD" or "OPTIONS";
}
