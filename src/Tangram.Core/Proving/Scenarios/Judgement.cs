namespace Tangram.Proving.Scenarios;

/// <summary>What the checks of a request say to an answer.</summary>
/// <param name="Status">What the checks of the status alone say; null: there is none, so 2xx is good.</param>
/// <param name="Held">Check by check, in the order of the request's.</param>
/// <param name="Wrong">The first check that does not hold; null: all do.</param>
/// <param name="Stops">Something that later steps need was not found.</param>
public sealed record Judgement(bool? Status, IReadOnlyList<bool> Held, string? Wrong, bool Stops)
{
    public static readonly Judgement Nothing = new(null, [], null, false);

    /// <summary>Extracts go into the user's variables.</summary>
    public static Judgement Of(RequestSpec request, Reply reply, ScenarioUser user, DateTimeOffset now)
    {
        if (request.Checks.Count + request.Extracts.Count == 0) return Nothing;
        bool? status = null;
        string? first = null;
        var held = new bool[request.Checks.Count];
        for (var i = 0; i < held.Length; i++)
        {
            var check = request.Checks[i];
            var wrong = check.Wrong(reply, user, now);
            held[i] = wrong is null;
            if (check.Source is ReplySource.Status) status = status is not false && held[i];
            else first ??= wrong;
        }
        var stops = false;
        foreach (var extract in request.Extracts)
        {
            if (extract.Take(reply, user) || !extract.Needed) continue;
            stops = true;
            first ??= $"nothing was found for {extract.Name}";
        }
        return new Judgement(status, held, first, stops);
    }

    /// <summary>Without an answer nothing is found.</summary>
    public static Judgement Unanswered(RequestSpec request, ScenarioUser user)
    {
        var stops = false;
        foreach (var extract in request.Extracts) stops |= !extract.Miss(user) && extract.Needed;
        return Nothing with { Stops = stops };
    }

    /// <summary>How the request ended, with what its checks say.</summary>
    public LoadOutcome Of(LoadOutcome answered)
    {
        if (answered.Failure is not null) return answered;
        answered = answered with { Expected = Status };
        return answered.Ok && Wrong is not null
            ? LoadOutcome.Failed(LoadFailure.Check, Wrong) with { Status = answered.Status } : answered;
    }
}
