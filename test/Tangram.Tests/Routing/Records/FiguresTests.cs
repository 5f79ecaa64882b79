using System.Globalization;
using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Records;

namespace Tangram.Tests.Routing.Records;

public sealed partial class FiguresTests
{
    private static readonly GatewayGauges Gauges = new("1.2.3", 4, 5, 6, 7);
    private readonly GatewayFigures _figures = new();

    private static RouteTable Table()
    {
        var node = Routed.Node("a-1", [Routed.Assign(1), Routed.Assign(2)], [Routed.See(1), Routed.See(2)]);
        return RouteDeriver.Derive(Routed.State(Routed.Spec, node), RouteTable.Empty);
    }

    private string[] Told(RouteTable table) =>
        GatewayMetrics.Text(table, _figures, Gauges, Routed.Start + TimeSpan.FromSeconds(3)).Split('\n');

    [Fact]
    public void Each_request_and_each_attempt_is_counted_where_it_was()
    {
        var table = Table();
        var service = table.Find(Routed.Order)!;
        Notes.Of(service, _figures, 200, new Attempt(AttemptOutcome.NeverSent), Notes.Answered());
        Notes.Of(service, _figures, 404, Notes.Answered(404));
        var told = Told(table);
        Assert.Contains("tangram_gateway_requests_total{code=\"2xx\"} 1", told);
        Assert.Contains("tangram_service_requests_total{service=\"order\",code=\"4xx\"} 1", told);
        Assert.Contains("tangram_service_retries_total{service=\"order\"} 1", told);
        const string first = "service=\"order\",backend=\"order-1\",node=\"a-1\",zone=\"a\"";
        Assert.Contains($"tangram_backend_errors_total{{{first},kind=\"refused\"}} 1", told);
        Assert.Contains($"tangram_backend_retried_total{{{first}}} 1", told);
        Assert.Contains($"tangram_backend_responses_total{{{first},code=\"4xx\"}} 1", told);
        Assert.Contains($"tangram_backend_ejections_total{{{first},cause=\"refused\"}} 1", told);
        Assert.Contains("tangram_service_request_duration_seconds_count{service=\"order\"} 2", told);
        Assert.Contains("tangram_service_request_duration_seconds_bucket{service=\"order\",le=\"0.001\"} 0", told);
        Assert.Contains("tangram_service_request_duration_seconds_bucket{service=\"order\",le=\"0.002\"} 2", told);
        Assert.Contains("tangram_service_request_duration_seconds_sum{service=\"order\"} 0.003", told);
    }

    [Fact]
    public void States_say_so()
    {
        var table = Table();
        var service = table.Find(Routed.Order)!;
        Ejection.Report(service, service.Backends[0], AttemptOutcome.NeverSent, Routed.Start);
        var told = Told(table);
        const string first = "service=\"order\",backend=\"order-1\",node=\"a-1\",zone=\"a\"";
        Assert.Contains($"tangram_backend_state{{{first},state=\"trial\"}} 1", told);
        Assert.Contains($"tangram_backend_state{{{first},state=\"up\"}} 0", told);
        Assert.Contains("tangram_service_backends_available{service=\"order\"} 1", told);
        Assert.Contains("tangram_service_breaker{service=\"order\",state=\"closed\"} 1", told);
        Assert.Contains($"tangram_backend_last_change_seconds{{{first}}} 3", told);
        Assert.Contains("tangram_build_info{version=\"1.2.3\"} 1", told);
    }

    /// <summary>Of the text format: a family once, its samples below it, no sample twice, values that are
    /// numbers.</summary>
    [Fact]
    public void The_text_is_sound()
    {
        var table = Table();
        var note = Notes.Of(table.Find(Routed.Order)!, _figures, 200, Notes.Answered());
        note.Clear();
        note.Begin(Routed.Start, _figures);
        note.Reply = "no-route";
        note.Finish(404, Routed.Start, _figures);
        var (families, samples, family) = (new HashSet<string>(), new HashSet<string>(), "");
        foreach (var line in Told(table)[..^1])
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                family = line.Split(' ')[2];
                Assert.True(families.Add(family), line);
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                Assert.Equal(family, line.Split(' ')[2]);
            else
            {
                var match = Sample().Match(line);
                Assert.True(match.Success, line);
                Assert.StartsWith(family, match.Groups[1].Value);
                Assert.True(samples.Add(match.Groups[1].Value + match.Groups[2].Value), line);
                Assert.True(double.TryParse(match.Groups[3].Value, CultureInfo.InvariantCulture, out _), line);
            }
        }
        Assert.Contains("tangram_gateway_replies_total{reason=\"no-route\"}", samples);
    }

    [Fact]
    public void Every_name_stands_in_the_table_of_the_page()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "observing.md"));
        var names = Told(Table()).Where(l => l.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(l => l.Split(' ')[2]).ToArray();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains($"`{name}`", page));
        Assert.Empty(Named().Matches(page).Select(m => m.Groups[1].Value).Except(names));
    }

    [Fact]
    public void A_label_holds_anything() =>
        Assert.Equal("""a="x\\y\"z\n" """.TrimEnd(), Exposition.Label("a", "x\\y\"z\n"));

    /// <summary>The dumb way: all of them, sorted.</summary>
    [Fact]
    public void A_quantile_is_near_what_sorting_says()
    {
        var (rng, buckets) = (new Rng(7), new LatencyBuckets());
        var all = Enumerable.Range(0, 10_000).Select(_ => Math.Pow(10, rng.NextDouble() * 4 - 4)).ToArray();
        foreach (var seconds in all) buckets.Count(TimeSpan.FromSeconds(seconds));
        Array.Sort(all);
        foreach (var share in new[] { 0.01, 0.5, 0.9, 0.99 })
            Assert.InRange(buckets.Quantile(share)!.Value / all[(int)(share * all.Length)], 0.8, 1.25);
        Assert.Equal(all.Count(s => s <= 0.01), buckets.Cumulative()[Array.IndexOf(LatencyBuckets.Told, 0.01)], 10.0);
        Assert.Equal(10_000, buckets.Cumulative()[^1]);
        Assert.Equal(all.Sum(), buckets.Sum, 0.01);
    }

    [Fact]
    public void Recent_is_what_came_after_the_mark_before_the_last()
    {
        var buckets = new LatencyBuckets();
        Assert.Null(buckets.Quantile(0.5));
        buckets.Count(TimeSpan.FromSeconds(1));
        buckets.Mark();
        buckets.Count(TimeSpan.FromMilliseconds(1));
        Assert.InRange(buckets.Quantile(1)!.Value, 0.7, 1);
        buckets.Mark();
        Assert.InRange(buckets.Quantile(1)!.Value, 0.0007, 0.001);
        buckets.Mark();
        Assert.Null(buckets.Quantile(0.5));
        Assert.Equal(2, buckets.Cumulative()[^1]);
    }

    [Fact]
    public void Marks_come_every_half_minute()
    {
        var (table, marking) = (Table(), new Marking());
        var latency = table.Find(Routed.Order)!.Counters.Figures.Latency;
        latency.Count(TimeSpan.FromSeconds(1));
        for (var at = 0; at <= 59; at++) marking.Look(table, Routed.Start + TimeSpan.FromSeconds(at));
        Assert.NotNull(latency.Quantile(0.5));
        marking.Look(table, Routed.Start + TimeSpan.FromSeconds(60));
        Assert.Null(latency.Quantile(0.5));
    }

    [Fact]
    public void A_routes_figures_outlive_the_table_and_not_its_service()
    {
        var spec = Routed.Spec with
        {
            Routes = [new RouteSpec(null, "/api"), new RouteSpec(null, "/x") { Exact = true }],
        };
        RouteTable Derive(ServiceSpec wanted, RouteTable before) => RouteDeriver.DeriveAll(
            Routed.State(wanted, Routed.Node("a-1", [], [])), before);
        var first = Derive(spec, RouteTable.Empty);
        Assert.Equal(["*/api", "*=/x"], first.Index.All.Select(r => r.Name));
        var second = Derive(spec with { Balance = BalancePolicy.First }, first);
        Assert.NotSame(first.Index, second.Index);
        Assert.Same(first.Index.Find("*/api")!.Figures, second.Index.Find("*/api")!.Figures);
        var third = Derive(spec with { Name = ServiceName.Of("other") }, second);
        Assert.NotSame(first.Index.Find("*/api")!.Figures, third.Index.Find("*/api")!.Figures);
    }

    [GeneratedRegex(@"^([a-z_]+)(\{.*\})? (\S+)$")]
    private static partial Regex Sample();

    [GeneratedRegex("`(tangram_[a-z_]+)`")]
    private static partial Regex Named();
}
