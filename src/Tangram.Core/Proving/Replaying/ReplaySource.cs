using Tangram.Model;

namespace Tangram.Proving.Replaying;

/// <summary>The log that a load repeats, beside its requests.</summary>
public sealed record ReplaySource(string File, ReplayLog Log)
{
    /// <summary>Those that are not empty.</summary>
    public required long Lines { get; init; }
    public required long Unreadable { get; init; }
    public EquatableArray<LeftOutLines> LeftOut { get; init; }

    public static ReplaySource Of(string file, ReplayReader read, ReplayLog log) => new(file, log)
    {
        Lines = read.Lines, Unreadable = read.Unreadable,
        LeftOut = read.LeftOut.Select(one => new LeftOutLines(one.Key, one.Value)).ToEquatableArray(),
    };

    /// <summary>The same load with the requests of this log. Its URL says where they go, and what stands before their
    /// paths.</summary>
    public LoadOptions In(LoadOptions options) => options with
    {
        Replay = this, Duration = Log.Lasts < Least ? Least : Log.Lasts,
        Rate = Log.Lasts < Least ? Log.Count : (Log.Count - 1) / Log.Lasts.TotalSeconds,
        Mix = Log.Used.Select(method => new LoadClass(method, method, options.Url, null, 1)).ToEquatableArray(),
    };

    /// <summary>Why it cannot be replayed like that, as a sentence; null when it can.</summary>
    public string? Problem()
    {
        if (Log.Lasts > TimeSpan.FromDays(1))
            return $"{File} spans {ReplayReport.For(Log.Span)}, {ReplayReport.Period(Log.From, Log.To)}, and a run " +
                $"takes at most a day: say --speed {Math.Ceiling(Log.Span.TotalDays):0} or more, or --duration for " +
                "its beginning. Its longest time without a request is " +
                ReplayReport.Period(Log.Gap.From, Log.Gap.To);
        return Log.Busiest > LoadOptions.HighestRate
            ? $"{File} has {Log.Busiest} requests in one second at this speed, and at most " +
                $"{LoadOptions.HighestRate:0} are sent: say a lower --speed" : null;
    }

    /// <summary>What is shorter has no rate of its own.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
}
