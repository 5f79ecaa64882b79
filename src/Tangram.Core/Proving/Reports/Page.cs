namespace Tangram.Proving.Reports;

/// <summary>A page that needs nothing but itself: no script, no other file, no network, which its own policy forbids
/// too.</summary>
internal static class Page
{
    /// <summary>Rows of a table; the JSON has what is more.</summary>
    public const int MostRows = 500;

    public static string Of(string title, Html body) => new Html()
        .Add($"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .Add($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
        .Add($"style-src 'unsafe-inline'\">\n")
        .Add($"<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" ")
        .Add($"content=\"light dark\">\n<title>{title}</title>\n<style>\n")
        .Add(Look).Add($"</style>\n</head>\n<body>\n<main>\n").Add(body).Add($"</main>\n</body>\n</html>\n").ToString();

    /// <summary>Did it hold: a word, a sign and a colour.</summary>
    public static Html Verdict(string word, string kind, string sign, IEnumerable<string> because)
    {
        var html = new Html().Add($"<section class=\"verdict {kind}\" aria-label=\"Verdict\">\n<p class=\"word\">")
            .Add($"<span aria-hidden=\"true\">{sign}</span> {word}</p>\n");
        foreach (var sentence in because) html.Add($"<p>{sentence}</p>\n");
        return html.Add($"</section>\n");
    }

    /// <summary>Names and values, those without one left out.</summary>
    public static Html Facts(params (string Name, string? Value)[] facts)
    {
        var html = new Html().Add($"<dl class=\"facts\">\n");
        foreach (var (name, value) in facts.Where(f => !string.IsNullOrEmpty(f.Value)))
            html.Add($"<div><dt>{name}</dt><dd>{value}</dd></div>\n");
        return html.Add($"</dl>\n");
    }

    /// <param name="columns">Their names; those that begin with a # hold numbers.</param>
    /// <param name="more">What is said when not all rows are here.</param>
    public static Html Table(
        string caption, string[] columns, IEnumerable<string[]> rows, string more = "the JSON has all")
    {
        var all = rows.ToList();
        var html = new Html().Add($"<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\">")
            .Add($"<table><caption>{caption}</caption>\n<thead><tr>");
        foreach (var column in columns)
            html.Add($"<th scope=\"col\"{Kind(column)}>{column.TrimStart('#')}</th>");
        html.Add($"</tr></thead>\n<tbody>\n");
        foreach (var row in all.Take(MostRows))
        {
            html.Add($"<tr>");
            for (var i = 0; i < row.Length; i++)
                if (i == 0) html.Add($"<th scope=\"row\"{Kind(columns[i])}>{row[i]}</th>");
                else html.Add($"<td{Kind(columns[i])}>{row[i]}</td>");
            html.Add($"</tr>\n");
        }
        html.Add($"</tbody></table></div>\n");
        return all.Count <= MostRows ? html
            : html.Add($"<p class=\"note\">{Words.Count(all.Count - MostRows)} more rows: {more}.</p>\n");
    }

    /// <summary>Closed at first; it opens by the keyboard too.</summary>
    public static Html Folded(string name, Html inside) =>
        new Html().Add($"<details><summary>{name}</summary>\n").Add(inside).Add($"</details>\n");

    /// <summary>Second by second, or in longer slots.</summary>
    public static Html Figures(TimeSlots slots) => Folded("These figures as a table", Table(
        slots.Length == 1 ? "Second by second"
            : $"In slots of {slots.Length} s: requests/s on average, all failures, and the latency of the slot's " +
              "worst second",
        ["#From", "#Requests/s", "#Well answered/s", "#Failed", "#p50", "#p99", "#Longest"],
        slots.All.Select(slot => new[]
        {
            Words.Second(slot.From), Words.Number(slot.Asked), Words.Number(slot.Ok), Words.Count(slot.Bad),
            Known(slot.P50), Known(slot.P99), Known(slot.Most),
        })));

    private static string Known(double? milliseconds) => milliseconds is { } known ? Words.Of(known) : "–";

    private static Html Kind(string column) => column.StartsWith('#') ? new Html().Add($" class=\"n\"") : new Html();

    private static Html Look => new Html().Add($$"""
        :root {
          --back: #ffffff; --card: #f4f5f7; --text: #1b1f24; --soft: #59636e; --rule: #d5dae0; --grid: #e4e7eb;
          --one: #0b62c4; --two: #a84300; --three: #6f3fb4; --bad: #c5221f; --good: #11703c; --warn: #8a5a00;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --back: #14171c; --card: #1e232a; --text: #e8eaed; --soft: #a3acb7; --rule: #3a424d; --grid: #2a313a;
            --one: #6db3ff; --two: #ffa05c; --three: #c09bff; --bad: #ff7b72; --good: #56d38a; --warn: #e3b341;
          }
        }
        * { box-sizing: border-box }
        body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
        main { max-width: 1040px; margin: 0 auto; padding: 24px 20px 64px }
        h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere }
        h2 { font-size: 18px; margin: 36px 0 8px }
        .under { color: var(--soft); margin: 0 0 16px; overflow-wrap: anywhere }
        .verdict { border-left: 6px solid var(--soft); background: var(--card); padding: 12px 16px; margin: 16px 0;
          border-radius: 4px; overflow-wrap: anywhere }
        .verdict p { margin: 4px 0 }
        .verdict .word { font-weight: 700; font-size: 18px }
        .verdict.good { border-color: var(--good) } .verdict.good .word { color: var(--good) }
        .verdict.bad { border-color: var(--bad) } .verdict.bad .word { color: var(--bad) }
        .verdict.void { border-color: var(--warn) } .verdict.void .word { color: var(--warn) }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 8px 20px;
          margin: 16px 0 }
        .facts dt { color: var(--soft); font-size: 13px } .facts dd { margin: 0; overflow-wrap: anywhere }
        .wide { overflow-x: auto; margin: 8px 0 }
        .wide:focus-visible, summary:focus-visible { outline: 2px solid var(--one) }
        table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
        caption { text-align: left; color: var(--soft); padding: 4px 0; font-size: 13px }
        th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--rule); vertical-align: top;
          max-width: 620px; overflow-wrap: break-word; font-weight: 400 }
        thead th { color: var(--soft); font-size: 13px; white-space: nowrap }
        tbody th:not(.n) { min-width: 130px }
        th.n, td.n { text-align: right; white-space: nowrap }
        details { margin: 4px 0 12px } summary { cursor: pointer; color: var(--one); width: fit-content }
        .note { color: var(--soft); font-size: 14px; margin: 4px 0; overflow-wrap: anywhere }
        .legend { margin: 8px 0 0; font-size: 14px } .legend span { margin-right: 18px; white-space: nowrap }
        .picture { display: block; width: 100%; min-width: 640px; height: auto }
        svg text { fill: var(--text); font: 12px system-ui, sans-serif }
        svg .tick { fill: var(--soft) } svg .name { font-weight: 600 }
        path.grid { stroke: var(--grid); fill: none }
        path.line { fill: none; stroke-width: 1.8; stroke: var(--one) }
        path.two { stroke: var(--two); stroke-dasharray: 6 3 }
        path.three { stroke: var(--three); stroke-dasharray: 2 3 }
        path.bar { fill: var(--bad); stroke: none } .legend path.bar { stroke: var(--bad); stroke-width: 8 }
        path.aim { stroke: var(--good); stroke-dasharray: 10 4; stroke-width: 1.2 }
        rect.fault { fill: var(--bad); fill-opacity: .3; stroke: var(--bad) }
        path.mending { stroke: var(--soft); stroke-width: 1.5; fill: none }
        .mark { stroke: var(--back); stroke-width: 1 } .seen { fill: var(--two) } .left { fill: var(--three) }
        .whole { fill: var(--good) }
        path.struck { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 3 3; opacity: .7 }
        @media print { details { display: none } .wide { overflow: visible } }
        """);
}
