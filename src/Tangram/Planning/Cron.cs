using Cronos;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>The times of a schedule: Cronos reads them, in time zones of this machine.</summary>
internal sealed class Cron
{
    private readonly CronExpression _expression;
    private readonly TimeZoneInfo _zone;

    private Cron(CronExpression expression, TimeZoneInfo zone) => (_expression, _zone) = (expression, zone);

    /// <summary>Null when this machine cannot tell; <see cref="Problem"/> says why.</summary>
    public static Cron? Of(ScheduleSpec schedule) =>
        Expression(schedule.Cron, out _) is { } expression && Zone(schedule.TimeZone) is { } zone
            ? new Cron(expression, zone)
            : null;

    public static void Check(ScheduleAsked asked, ProblemList problems) =>
        Check(asked.Spec, "cron", asked.Cron, asked.TimeZone, problems);

    /// <param name="key">Under which the expression stands, at <paramref name="times"/>.</param>
    public static void Check(ScheduleSpec spec, string key, Place times, Place zone, ProblemList problems)
    {
        if (spec.Cron.Length > 0 && Expression(spec.Cron, out var wrong) is null)
            problems.Error(times, $"'{key}' is {Quoted.Of(spec.Cron)}, which is no cron expression: {wrong}",
                "write minute, hour, day of month, month and day of week, such as \"30 2 * * MON-FRI\"");
        if (Zone(spec.TimeZone) is null)
            problems.Error(zone, $"'time_zone' is {Quoted.Of(spec.TimeZone)}, which this machine " +
                "does not know", "write a name of the tz database, such as Europe/Berlin or UTC");
        else if (Of(spec) is { } cron && cron.Next(DateTimeOffset.UnixEpoch) is null)
            problems.Error(times, $"'{key}' is {Quoted.Of(spec.Cron)}, which never comes",
                "name a day that exists");
    }

    /// <summary>In UTC.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) =>
        _expression.GetNextOccurrence(after, _zone)?.ToUniversalTime();

    /// <summary>The newest occurrence after <paramref name="handled"/> and not after <paramref name="now"/>, and how
    /// many there are, counted up to <paramref name="most"/>.</summary>
    /// <remarks>Always found forwards, in the last seconds, then in ever longer times before now: where clocks skip an
    /// hour, Cronos gives an occurrence another time when it is asked backwards.</remarks>
    public (DateTimeOffset Newest, int Count)? Since(DateTimeOffset handled, DateTimeOffset now, int most)
    {
        for (var window = TimeSpan.FromSeconds(2); handled < now; window *= 4)
        {
            var from = now - handled > window ? now - window : handled;
            if (Between(from, now).LastOrDefault() is { Ticks: > 0 } newest)
                return (newest.ToUniversalTime(), Between(handled, now).Take(most).Count());
            if (from == handled) break;
        }
        return null;
    }

    private IEnumerable<DateTimeOffset> Between(DateTimeOffset from, DateTimeOffset to) =>
        _expression.GetOccurrences(from, to, _zone, fromInclusive: false, toInclusive: true);

    private static CronExpression? Expression(string text, out string wrong)
    {
        wrong = "";
        try
        {
            var fields = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Length;
            return CronExpression.Parse(text, fields == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
        }
        catch (Exception e) when (e is CronFormatException or MissingSeedException or ArgumentException)
        {
            wrong = char.ToLowerInvariant(e.Message[0]) + e.Message[1..].TrimEnd('.');
            return null;
        }
    }

    private static TimeZoneInfo? Zone(string name) =>
        IsZoneName(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// <summary>The system takes any path for one, also that of a device without an end.</summary>
    private static bool IsZoneName(string name) => name.Length <= 100 && char.IsAsciiLetter(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+');
}
