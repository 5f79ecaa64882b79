using System.Globalization;
using Tangram.Model;
using Tangram.Proving.Reports;

namespace Tangram.Proving.Replaying;

/// <param name="What">Such as <c>POST</c>.</param>
public sealed record LeftOutLines(string What, long Count);

/// <param name="Logged">0: the log has none.</param>
public sealed record StatusChange(int Logged, int Answered, long Count);

/// <summary>How a replay compares with the log that it repeats.</summary>
public sealed record ReplayResult
{
    public required string Log { get; init; }
    public required long Lines { get; init; }
    public required long Unreadable { get; init; }
    public EquatableArray<LeftOutLines> LeftOut { get; init; }

    /// <summary>When the first of its requests was asked for, and the last.</summary>
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }
    public required double Speed { get; init; }

    /// <summary>The share of the requests sent that the log has with a status of 400 or more.</summary>
    public required double LogErrors { get; init; }

    /// <summary>The same of their answers now, those without one counted.</summary>
    public required double Errors { get; init; }
    public required long Answered { get; init; }

    /// <summary>Of those answered, how many with the log's status.</summary>
    public required long Same { get; init; }

    /// <summary>The others, the most frequent first.</summary>
    public EquatableArray<StatusChange> Changed { get; init; }
}

/// <summary>A replay in words.</summary>
public static class ReplayReport
{
    /// <summary>More would not fit on a line.</summary>
    private const int MostChanges = 6;

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    /// <summary>Before it begins: what is sent, and how long that takes.</summary>
    public static IEnumerable<string> Before(ReplaySource source)
    {
        var log = source.Log;
        yield return $"{source.File}: {Requests(log.Count)} of {Period(log.From, log.To)}, which takes " +
            $"{For(log.Lasts)}" + (log.Speed == 1 ? "" : $" at {Words.Number(log.Speed)} times its speed") +
            $"; at most {Words.Count(log.Busiest)} in a second";
        foreach (var line in Without(source.Lines, source.Unreadable, source.LeftOut)) yield return line;
        if (log.Lasts < Long) yield break;
        var faster = Math.Ceiling(log.Span / TimeSpan.FromMinutes(3));
        yield return $"the log spans {For(log.Span)}: --speed {faster.ToString(CultureInfo.InvariantCulture)} takes " +
            $"{For(log.Span / faster)}, and --duration 3m the first of it";
    }

    /// <summary>How the answers compare.</summary>
    public static IEnumerable<string> Lines(ReplayResult? result)
    {
        if (result is null) yield break;
        yield return $"{result.Log}: {Period(result.From, result.To)}" +
            (result.Speed == 1 ? "" : $", at {Words.Number(result.Speed)} times its speed");
        foreach (var line in Without(result.Lines, result.Unreadable, result.LeftOut)) yield return line;
        yield return "errors (400 and above, or no answer): the log had " +
            $"{Words.Percent(result.LogErrors)}, the replay {Words.Percent(result.Errors)}";
        yield return $"{Words.Count(result.Same)} of {Words.Count(result.Answered)} answers have the log's status" +
            (result.Changed.Count == 0 ? "" : "; otherwise " + string.Join(", ", result.Changed.Take(MostChanges)
                .Select(Change)));
    }

    private static string Change(StatusChange one) =>
        $"{(one.Logged == 0 ? "none" : one.Logged)} → {one.Answered}: {Words.Count(one.Count)}";

    /// <summary>Two units, the second only when it says something.</summary>
    internal static string For(TimeSpan span) => span switch
    {
        { TotalDays: >= 1 } => Two((int)span.TotalDays, "d", span.Hours, "h"),
        { TotalHours: >= 1 } => Two(span.Hours, "h", span.Minutes, "min"),
        { TotalMinutes: >= 1 } => Two(span.Minutes, "min", span.Seconds, "s"),
        _ => span.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture) + " s",
    };

    private static string Two(int many, string unit, int rest, string smaller) =>
        rest == 0 ? $"{Words.Count(many)} {unit}" : $"{Words.Count(many)} {unit} {rest} {smaller}";

    internal static string Period(DateTimeOffset from, DateTimeOffset to) =>
        $"{At(from, "yyyy-MM-dd HH:mm:ss")} to {At(to, from.Date == to.Date ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss")} UTC";

    private static string At(DateTimeOffset at, string format) => at.ToString(format, CultureInfo.InvariantCulture);

    private static string Requests(long count) => count == 1 ? "1 request" : $"{Words.Count(count)} requests";

    private static IEnumerable<string> Without(long lines, long unreadable, EquatableArray<LeftOutLines> leftOut)
    {
        if (leftOut.Count > 0)
            yield return "left out: " +
                string.Join(", ", leftOut.Select(one => $"{Words.Count(one.Count)} {one.What}"));
        if (unreadable > 0)
            yield return $"{Words.Count(unreadable)} of {Words.Count(lines)} lines could not be read";
    }
}
