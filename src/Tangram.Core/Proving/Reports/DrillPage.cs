using System.Globalization;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Reports;

/// <summary>The result of a drill as a page of its own: load and faults on one time axis.</summary>
public static class DrillPage
{
    /// <summary>Faults in the picture; the table has all.</summary>
    public const int MostLanes = 60;

    private const double Lane = 26;

    public static string Of(DrillResult result)
    {
        var word = DrillReport.Word(result.Verdict.Ruling);
        var body = new Html().Add($"<h1>{result.Drill}</h1>\n<p class=\"under\">Drill on {result.Cluster}, begun ")
            .Add($"{LoadPage.Began(result.StartedAt)}, asking for {result.Url}</p>\n").Add(Verdict(result));
        body.Add(Page.Facts(
            ("Availability", result.Load is { } load ? DrillAim.Percent(load.Availability) : null),
            ("Objective", DrillAim.Percent(result.Availability)),
            ("p99", result.Load is { } slow ? Words.Of(slow.P99) : null),
            ("Objective of p99", result.LatencyP99 is { } p99 ? Words.Of(p99) : null),
            ("Whole after", Longest(result)), ("Objective of recovery", Words.Of(result.Recovery)),
            ("Sent", result.Load is { } sent ? Words.Count(sent.Sent) : null),
            ("Failed", result.Load is { } failed ? Words.Count(failed.Failed) : null),
            ("Repeated by gateways", result.Retried is { } retried ? Words.Count(retried) : null),
            ("Seed", result.Seed.ToString(CultureInfo.InvariantCulture))));
        body.Add(OverTime(result)).Add(Faults(result)).Add(Loads(result)).Add(TimeLine(result));
        return Page.Of($"{word}: drill {result.Drill}", body);
    }

    private static Html Verdict(DrillResult result) => Page.Verdict(DrillReport.Word(result.Verdict.Ruling),
        result.Verdict.Ruling switch
        {
            DrillRuling.Kept => "good", DrillRuling.Broken => "bad", _ => "void",
        },
        result.Verdict.Ruling switch { DrillRuling.Kept => "✔", DrillRuling.Broken => "✘", _ => "?" },
        result.Verdict.Because);

    private static string? Longest(DrillResult result) =>
        result.Faults.Max(fault => fault.Whole) is { } longest ? Words.Of(longest) : null;

    private static Html OverTime(DrillResult result)
    {
        var html = new Html().Add($"<h2>Load and faults</h2>\n");
        if (result.Load is not { } load)
            return html.Add($"<p class=\"note\">Nothing was broken, so there is nothing to see.</p>\n");
        var slots = TimeSlots.Of(load.Seconds, load.At.TotalSeconds);
        var struck = result.Faults.Where(fault => fault.At is not null).ToList();
        var time = LoadCharts.Time(struck.Select(End).Append(slots.To).Append(1).Max());
        var picture = new Picture("drill", "Faults, answers, failures and latency on one time axis",
            $"{Words.Count(struck.Count)} faults. {LoadCharts.Said(slots)} What each fault did stands there too.");
        var (top, _) = picture.Panel("Faults", Math.Max(1, Math.Min(struck.Count, MostLanes)) * Lane);
        for (var i = 0; i < Math.Min(struck.Count, MostLanes); i++)
            picture.Raw(OneLane(struck[i], time, top + i * Lane));
        LoadCharts.Draw(picture, slots, time, result.LatencyP99);
        LoadCharts.Times(picture, time, top);
        foreach (var fault in struck.Take(MostLanes))
            picture.Raw(new Html().Add(
                $"<path class=\"struck\" d=\"M{X(time, fault.At)} {top}V{picture.Bottom}\"/>\n"));
        html.Add($"<p class=\"note\">{LoadCharts.OfSlots} Broken red lines: something was broken.</p>\n")
            .Add(Marks()).Add(LoadCharts.Legend(result.LatencyP99 is not null)).Add(picture.Made());
        if (struck.Count > MostLanes)
            html.Add($"<p class=\"note\">{struck.Count - MostLanes} more faults stand in the table only.</p>\n");
        return html.Add(Page.Figures(slots));
    }

    /// <summary>When the last that is known of it happened.</summary>
    private static double End(DrillFault fault) => (fault.At!.Value + new[]
    {
        fault.Lasted, fault.Detected, fault.Left, WholeFromStruck(fault),
    }.Max().GetValueOrDefault()).TotalSeconds;

    /// <summary>Of faults that end by being reverted, recovery counts from then.</summary>
    private static TimeSpan? WholeFromStruck(DrillFault fault) =>
        fault.Mends ? fault.Whole : fault.Whole + fault.Lasted.GetValueOrDefault();

    private static double X(Axis time, TimeSpan? at) => time.At(at.GetValueOrDefault().TotalSeconds);

    private static Html OneLane(DrillFault fault, Axis time, double top)
    {
        var (from, middle) = (X(time, fault.At), top + 17);
        var width = Math.Max(3, X(time, fault.At + fault.Lasted.GetValueOrDefault()) - from);
        var lane = new Html().Add($"<g><title>{Told(fault)}</title>\n");
        if (WholeFromStruck(fault) is { } whole)
            lane.Add($"<path class=\"mending\" d=\"M{from} {middle}H{X(time, fault.At + whole)}\"/>");
        lane.Add($"<rect class=\"fault\" x=\"{from}\" y=\"{middle - 5}\" width=\"{width}\" height=\"10\"/>");
        if (fault.Detected is { } seen) lane.Add(Diamond("mark seen", X(time, fault.At + seen), middle));
        if (fault.Left is { } left) lane.Add(Triangle("mark left", X(time, fault.At + left), middle));
        if (WholeFromStruck(fault) is { } mended) lane.Add(Circle("mark whole", X(time, fault.At + mended), middle));
        var (right, anchor) = from > Picture.Width * 0.7 ? (from - 8, "end") : (Last(), "start");
        return lane.Add($"<text x=\"{right}\" y=\"{middle + 4}\" text-anchor=\"{anchor}\">{Name(fault)}</text></g>\n");

        double Last() => Math.Max(from + width, time.At(End(fault))) + 10;
    }

    private static string Name(DrillFault fault) => $"{fault.Kind} {fault.Target}".TrimEnd();

    private static string Told(DrillFault fault) => $"{Name(fault)} at {Words.Of(fault.At)}: detected " +
        $"{Words.Of(fault.Detected)}, left {Words.Of(fault.Left)}, whole {Words.Of(fault.Whole)}";

    private static Html Diamond(string kind, double x, double y) =>
        new Html().Add($"<path class=\"{kind}\" d=\"M{x} {y - 7}L{x + 7} {y}L{x} {y + 7}L{x - 7} {y}Z\"/>");

    private static Html Triangle(string kind, double x, double y) =>
        new Html().Add($"<path class=\"{kind}\" d=\"M{x} {y - 7}L{x + 7} {y + 6}H{x - 7}Z\"/>");

    private static Html Circle(string kind, double x, double y) =>
        new Html().Add($"<circle class=\"{kind}\" cx=\"{x}\" cy=\"{y}\" r=\"6\"/>");

    private static Html Marks()
    {
        var html = new Html().Add($"<p class=\"legend\">");
        foreach (var (mark, name) in new[]
        {
            (Diamond("seen", 8, 8), "detected"), (Triangle("left", 8, 8), "left by traffic"),
            (Circle("whole", 8, 8), "whole again"),
            (new Html().Add($"<rect class=\"fault\" x=\"1\" y=\"3\" width=\"14\" height=\"10\"/>"), "in force"),
        })
            html.Add($"<span><svg aria-hidden=\"true\" width=\"16\" height=\"16\">{mark}</svg> {name}</span> ");
        return html.Add($"</p>\n");
    }

    private static Html Faults(DrillResult result) => result.Faults.Count == 0 ? new Html()
        : new Html().Add($"<h2>Faults</h2>\n").Add(Page.Table(
            "When each struck, what it did, what the cluster made of it",
            [
                "Fault", "#At", "#Lasted", "#Detected after", "#Left after", "#Whole after", "Measured", "Ended",
                "Replicas",
            ],
            result.Faults.Select(f => new[]
            {
                Name(f), Words.Of(f.At), Words.Of(f.Lasted), Words.Of(f.Detected), Words.Of(f.Left), Words.Of(f.Whole),
                f.Missed is { } missed ? $"not injected: {missed}" : f.Effect, f.Reverted,
                string.Join(", ", f.Replicas),
            })));

    private static Html Loads(DrillResult result)
    {
        var loads = new[] { ("before anything was broken", result.Steady), ("meanwhile", result.Load) }
            .Where(one => one.Item2 is not null).Select(one => (Name: one.Item1, Load: one.Item2!)).ToList();
        return loads.Count == 0 ? new Html() : new Html().Add($"<h2>Requests</h2>\n").Add(Page.Table(
            "From when each was due",
            ["When", "#Sent", "#Failed", "#Availability", "#p50", "#p99", "#Longest", "#Generator late by", "Failures"],
            loads.Select(one => new[]
            {
                one.Name, Words.Count(one.Load.Sent), Words.Count(one.Load.Failed),
                DrillAim.Percent(one.Load.Availability), Words.Of(one.Load.P50), Words.Of(one.Load.P99),
                Words.Of(one.Load.Max), Words.Of(one.Load.LateBy), string.Join(", ", one.Load.Troubles),
            })));
    }

    private static Html TimeLine(DrillResult result) => new Html().Add($"<h2>Time line</h2>\n").Add(Page.Table(
        "From when the load began; what comes before the load counts from the drill's beginning", ["#At", "What"],
        result.Timeline.Select(moment => new[] { Words.Second(Math.Round(moment.At.TotalSeconds, 2)), moment.What })));
}
