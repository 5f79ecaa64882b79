using System.Globalization;
using Tangram.Model;
using Tangram.Proving.Replaying;
using Tangram.Proving.Scenarios;

namespace Tangram.Proving.Reports;

/// <summary>The result of a load as a page of its own.</summary>
public static class LoadPage
{
    public static string Of(LoadResult result)
    {
        var name = result.Scenario?.Name ?? (result.Replay is { } log ? $"{log.Log} to {result.Url}" : result.Url);
        var body = new Html().Add($"<h1>{name}</h1>\n<p class=\"under\">Load of {Model(result)}, begun ")
            .Add($"{Began(result.StartedAt)}</p>\n").Add(Verdict(result.Verdict));
        if (result.Interrupted) body.Add($"<p class=\"note\">Interrupted: these are the results so far.</p>\n");
        foreach (var line in ReplayReport.Lines(result.Replay)) body.Add($"<p class=\"note\">{line}</p>\n");
        body.Add(Page.Facts(
            ("Sent", Words.Count(result.Total.Sent) + (result.Planned > 0 ? $" of {Words.Count(result.Planned)}" : "")),
            ("Offered", $"{Words.Number(result.Offered)}/s"),
            ("Well answered", Words.Count(result.Total.Ok)),
            ("Answered otherwise", Words.Count(result.Total.NonSuccess)), ("Failed", Words.Count(result.Total.Failed)),
            ("Lasted", Words.Of(result.Elapsed)), ("In flight at most", Words.Count(result.MostInFlight)),
            ("Connections opened", result.Sockets is { } opened ? Words.Count(opened.Opened) : null),
            ("Refused", result.Sockets is { } refused ? Words.Count(refused.Refused) : null),
            ("Lost", result.Sockets is { } lost ? Words.Count(lost.Lost) : null),
            ("Handshake p99", result.Sockets is { } slow ? Words.Of(slow.Handshake.P99) : null),
            ("p50", Words.Of(result.Total.Latency.P50)), ("p99", Words.Of(result.Total.Latency.P99)),
            ("Longest", Words.Of(result.Total.Latency.Max)), ("Run", result.Run)));
        if (result.Scenario is { } scenario) body.Add(ScenarioPart.Judged(scenario));
        body.Add(OverTime(result)).Add(Distribution(result)).Add(Classes(result)).Add(Machines(result));
        if (result.Scenario is { } did) body.Add(ScenarioPart.Did(did));
        body.Add(Troubles(result)).Add(Generator(result));
        foreach (var note in (result.Scenario?.Notes ?? []).Take(Page.MostRows))
            body.Add($"<p class=\"note\">{note}</p>\n");
        return Page.Of($"{result.Verdict.Ruling}: load of {name}", body);
    }

    internal static string Began(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    private static string Model(LoadResult result) => result switch
    {
        { Scenario: { } scenario } => $"at most {Words.Count(scenario.MostUsers)} users at once, who do " +
            $"{Words.Count(scenario.Iterations)} iterations",
        { Replay: not null } => $"an access log's requests at its times, {Words.Number(result.Rate)}/s on average, " +
            "whether or not those before were answered",
        { Users: { } users } => $"{Words.Count(users)} users who ask again when they are answered",
        _ => $"{Words.Number(result.Rate)} requests/s, whether or not those before were answered",
    };

    private static Html Verdict(LoadVerdict verdict) => verdict.Ruling switch
    {
        LoadRuling.Passed => Page.Verdict("Passed", "good", "✔", [$"{verdict.Because}."]),
        LoadRuling.Failed => Page.Verdict("Failed", "bad", "✘", [$"{verdict.Because}."]),
        _ => Page.Verdict("Void", "void", "?", [$"{verdict.Because}.",
            "A void run proves nothing: the generator did not do its part."]),
    };

    private static Html OverTime(LoadResult result)
    {
        var slots = TimeSlots.Of(result.Seconds);
        var picture = new Picture("time", "Requests, failures and latency over time", LoadCharts.Said(slots));
        var time = LoadCharts.Time(slots.To);
        LoadCharts.Draw(picture, slots, time);
        LoadCharts.Times(picture, time, 38);
        return new Html().Add($"<h2>Over time</h2>\n<p class=\"note\">{LoadCharts.OfSlots}</p>\n")
            .Add(LoadCharts.Legend()).Add(picture.Made()).Add(Page.Figures(slots));
    }

    private static Html Distribution(LoadResult result)
    {
        var html = new Html().Add($"<h2>Latency by percentile</h2>\n<p class=\"note\">Corrected counts from when a ")
            .Add($"request was due, uncorrected from when it was really begun: the difference is what a server that ")
            .Add($"stands still hides from tools that wait for it.</p>\n");
        var points = result.Distribution;
        if (points.Count == 0) return html.Add($"<p class=\"note\">Nothing was answered.</p>\n");
        var picture = new Picture("percentiles", "Latency by percentile, corrected and uncorrected",
            $"p50 {Words.Of(result.Total.Latency.P50)}, p99 {Words.Of(result.Total.Latency.P99)}, longest " +
            $"{Words.Of(result.Total.Latency.Max)}; uncorrected p99 {Words.Of(result.Total.Uncorrected.P99)}. " +
            "The same figures stand in the table below.");
        var end = Math.Max(1, Math.Log10(Math.Max(2, result.Total.Latency.Count)));
        var nines = new Axis(0, end, Picture.Left, Picture.Right - 16);
        var all = points.SelectMany(p => new[] { p.Latency, p.Uncorrected }).Select(t => t.TotalMilliseconds).ToList();
        var (top, bottom) = picture.Panel("Latency, by powers of ten; each nine more is a tenth of the requests", 220);
        var scale = Scale.Powers(all.Min(), all.Max(), top, bottom);
        picture.Grid(scale);
        picture.Line("two", points.Select(p => (X(p), scale.At(p.Uncorrected.TotalMilliseconds))));
        picture.Line("one", points.Select(p => (X(p), scale.At(p.Latency.TotalMilliseconds))));
        picture.Columns(points.Where(p => p.Percentile is 0 or 50 or 90 or 99 or 99.9 or 99.99 or 99.999)
            .Select(p => (X(p), Percent(p))), top);
        return html.Add(Picture.Legend(("line", "corrected"), ("line two", "uncorrected"))).Add(picture.Made())
            .Add(Page.Table("Latency by percentile", ["Percentile", "#Corrected", "#Uncorrected"],
                points.Select(p => new[] { Percent(p), Words.Of(p.Latency), Words.Of(p.Uncorrected) })));

        double X(LatencyPoint p) => nines.At(p.Percentile >= 100 ? end : Math.Log10(100 / (100 - p.Percentile)));
    }

    private static string Percent(LatencyPoint p) => p.Percentile switch
    {
        0 => "fastest",
        100 => "longest",
        _ => p.Percentile.ToString("0.####", CultureInfo.InvariantCulture) + " %",
    };

    private static Html Classes(LoadResult result)
    {
        var all = result.Classes.Count > 1 ? result.Classes.Append(result.Total) : result.Classes;
        return new Html().Add($"<h2>{(result.Scenario is null ? "Kinds of requests" : "Steps")}</h2>\n").Add(Page.Table(
            "How many, and how long from when each was due",
            ["Name", "#Sent", "#Well answered", "#Otherwise", "#Failed", "#p50", "#p90", "#p99", "#p99.9", "#Longest",
                "#Uncorrected p99"],
            all.Select(c => new[]
            {
                c.Name, Words.Count(c.Sent), Words.Count(c.Ok), Words.Count(c.NonSuccess), Words.Count(c.Failed),
                Words.Of(c.Latency.P50), Words.Of(c.Latency.P90), Words.Of(c.Latency.P99), Words.Of(c.Latency.P999),
                Words.Of(c.Latency.Max), Words.Of(c.Uncorrected.P99),
            })));
    }

    private static Html Machines(LoadResult result) => result.Machines.Count == 0 ? new Html()
        : new Html().Add($"<h2>Machines</h2>\n").Add(Page.Table(
            $"Which began within {Words.Of(result.StartSpread ?? TimeSpan.Zero)} of each other",
            ["Name", "#Sent", "#Well answered", "#Otherwise", "#Failed", "#Begun late by, p99", "#Started within"],
            result.Machines.Select(one => one.Lost is { } why ? [$"{one.Name}: lost, {why}", "", "", "", "", "", ""]
                : new[]
                {
                    one.Name, Words.Count(one.Sent ?? 0), Words.Count(one.Ok ?? 0), Words.Count(one.NonSuccess ?? 0),
                    Words.Count(one.Failed ?? 0), Words.Of(one.LateP99 ?? TimeSpan.Zero),
                    Words.Of(one.StartedAfter ?? TimeSpan.Zero),
                })));

    private static Html Troubles(LoadResult result)
    {
        var troubles = result.Classes.SelectMany(c => c.Troubles.Select(t => new[]
        {
            c.Name, t.Kind, Words.Count(t.Count), Words.Second(t.First.TotalSeconds),
            Words.Second(t.Last.TotalSeconds),
        })).ToList();
        if (troubles.Count == 0) return new Html();
        return new Html().Add($"<h2>What went wrong</h2>\n")
            .Add(Page.Table("By kind", ["Name", "What", "#How often", "#First", "#Last"], troubles))
            .Add(Page.Table("The first of each kind", ["Name", "#Number", "#Ended", "#Took", "What", "Message"],
                result.Examples.Select(e => new[]
                {
                    e.Class, Words.Count(e.Index), Words.Second(e.Ended.TotalSeconds), Words.Of(e.Ended - e.Begun),
                    e.Kind, e.What,
                })));
    }

    private static Html Generator(LoadResult result)
    {
        var (late, made) = (result.Lateness, result.Generator);
        var raw = made.Engine == LoadEngine.Raw;
        var cpu = result.Total.Sent == 0 || made.Cpu == TimeSpan.Zero ? null
            : $"{Words.Of(made.Cpu)}, {Words.Of(made.Cpu / result.Total.Sent)} for a request";
        return new Html().Add($"<h2>What the generator did</h2>\n<p class=\"note\">It is an instrument, and this ")
            .Add($"tells whether it measured the server or itself.</p>\n").Add(Page.Facts(
                ("Made by", LoadReport.Maker(result)),
                ("Began requests late by", $"p50 {Words.Of(late.P50)}, p99 {Words.Of(late.P99)}, " +
                    $"longest {Words.Of(late.Max)}"),
                ("CPU", cpu), ("Busiest thread", raw ? Words.Percent(made.Busiest) : null),
                ("Answers read late by", raw ? $"p99 {Words.Of(made.Reading.P99)}" : null),
                ("In flight on average", raw ? Words.Number(made.MeanInFlight) : null),
                ("By Little's law", raw ? Words.Number(made.LittleInFlight) : null)));
    }
}

/// <summary>What only scenarios have.</summary>
internal static class ScenarioPart
{
    public static Html Judged(ScenarioResult scenario) => scenario.Thresholds.Count == 0 ? new Html()
        : new Html().Add($"<h2>Thresholds</h2>\n").Add(Page.Table("What must hold", ["Held", "Threshold"],
            scenario.Thresholds.OrderBy(t => t.Held).Select(t => new[] { Held(t.Held), t.ToString() })));

    public static Html Did(ScenarioResult scenario)
    {
        var html = new Html().Add($"<h2>Users</h2>\n").Add(Page.Facts(
            ("Iterations done", Words.Count(scenario.Iterations)), ("Stopped", Words.Count(scenario.Stopped)),
            ("Under way at the end", Words.Count(scenario.Interrupted)), ("Not begun", Words.Count(scenario.Dropped)),
            ("Iteration p50", Words.Of(scenario.Iteration.P50)), ("p99", Words.Of(scenario.Iteration.P99)),
            ("Longest", Words.Of(scenario.Iteration.Max))));
        if (scenario.Parts.Count > 0)
            html.Add(Page.Table("Transactions", ["Name", "#Times", "#p50", "#p99", "#Longest"],
                scenario.Parts.Select(p => new[]
                {
                    p.Name, Words.Count(p.Latency.Count), Words.Of(p.Latency.P50), Words.Of(p.Latency.P99),
                    Words.Of(p.Latency.Max),
                })));
        if (scenario.Checks.Count > 0)
            html.Add($"<h2>Checks</h2>\n").Add(Page.Table("What answers must be", ["Held", "Step", "Check", "#Held",
                "#Did not"], scenario.Checks.OrderBy(c => c.Wrong == 0).Select(c => new[]
                {
                    Held(c.Wrong == 0), c.Step, c.Check, Words.Count(c.Held), Words.Count(c.Wrong),
                })));
        return html;
    }

    private static string Held(bool held) => held ? "✔ held" : "✘ did not hold";
}
