using Tangram.Model;

namespace Tangram.Proving.Replaying;

/// <summary>Compares answers with those that the log has. Tallies add up. Not safe for several threads at
/// once.</summary>
public sealed class ReplayTally(ReplayLog log)
{
    private const int Statuses = 1000, MostTold = 20;

    private readonly Dictionary<int, long> _changed = [];
    private long _answered, _same, _loggedErrors, _errors, _ended;

    /// <summary>A status below 500 that the log has too is no failure, such as a 404 or a redirect. A server's error is
    /// one, whatever the log says.</summary>
    public LoadSample Judge(in LoadSample sample)
    {
        if (sample.Outcome.Failure is LoadFailure.Abandoned) return sample;
        var (logged, status) = (log.Status(sample.Index), sample.Outcome.Status);
        _ended++;
        if (logged >= 400) _loggedErrors++;
        if (sample.Outcome.Failure is not null || status >= 400) _errors++;
        if (sample.Outcome.Failure is not null) return sample;
        _answered++;
        if (status == logged) _same++;
        else _changed[logged * Statuses + status] = _changed.GetValueOrDefault(logged * Statuses + status) + 1;
        return status == logged && status < 500
            ? sample with { Outcome = sample.Outcome with { Expected = true } } : sample;
    }

    public void Add(ReplayTally other)
    {
        _answered += other._answered;
        _same += other._same;
        _loggedErrors += other._loggedErrors;
        _errors += other._errors;
        _ended += other._ended;
        foreach (var (change, count) in other._changed.OrderBy(one => one.Key))
            _changed[change] = _changed.GetValueOrDefault(change) + count;
    }

    /// <param name="source">What is known of the log itself.</param>
    public ReplayResult Result(ReplaySource source) => new()
    {
        Log = source.File, Lines = source.Lines, Unreadable = source.Unreadable, LeftOut = source.LeftOut,
        From = log.From, To = log.To, Speed = log.Speed,
        LogErrors = Share(_loggedErrors), Errors = Share(_errors), Answered = _answered, Same = _same,
        Changed = _changed.OrderByDescending(one => one.Value).ThenBy(one => one.Key).Take(MostTold)
            .Select(one => new StatusChange(one.Key / Statuses, one.Key % Statuses, one.Value)).ToEquatableArray(),
    };

    private double Share(long count) => _ended == 0 ? 0 : Math.Round((double)count / _ended, 6);
}
