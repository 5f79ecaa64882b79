using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using static Tangram.Observing.HttpAnswer;

namespace Tangram.Observing;

/// <summary>The looks: nothing is changed.</summary>
internal sealed class LookAnswers(ClusterPort port, CancellationToken stopping)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>The kernel counts the time of a process in hundredths of a second.</summary>
    private const double LeastOver = 0.1, UsualOver = 0.5, MostOver = 10;

    public Task StatusAsync(HttpContext http) =>
        WriteAsync(http, Look.Status(port.State(), port.Cluster) with { Stale = port.Stale() });

    public Task ReplicasAsync(HttpContext http) => WriteAsync(http, Look.Replicas(port.State()));

    public Task HistoryAsync(HttpContext http) => WriteAsync(http, History.Of(port.State()));

    public Task JobsAsync(HttpContext http) => WriteAsync(http, JobWords.Views(port.State(),
        schedule => Cron.Of(schedule)?.Next(port.Clock.GetUtcNow())));

    public async Task EventsAsync(HttpContext http)
    {
        _ = long.TryParse(http.Request.Query["after"], out var after);
        var wait = TimeSpan.FromSeconds(Math.Min(Seconds(http, "wait", 0), LongestWait.TotalSeconds));
        // A number from before the log was lost would wait for ever.
        var known = Math.Min(after, port.Events.Last);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        EventView[] events;
        try { events = await port.Events.AfterAsync(known, wait, either.Token); }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested) { events = []; }
        await WriteAsync(http, events);
    }

    public async Task WhyAsync(HttpContext http)
    {
        var (subject, state) = (Named(http, "subject"), port.State());
        if (Why.Explain(state, subject, port.Refusals(subject)) is not { } sentences)
        {
            await RefuseAsync(http, 404, new ErrorView($"nothing is named '{subject}'. There are: " +
                string.Join(", ", Why.Subjects(state)), ErrorView.Arguments));
            return;
        }
        if (port.Readings().GetValueOrDefault(subject)?.Traffic?.Sentence() is { } traffic)
            sentences = [.. sentences, traffic];
        sentences = [.. sentences, .. Traffic.Sentences(port.Traffic(), subject)];
        sentences = [.. sentences, .. port.Gateway(subject)];
        await WriteWhyAsync(http, subject, sentences);
    }

    public Task WhyClusterAsync(HttpContext http) =>
        WriteWhyAsync(http, port.Cluster, Why.Cluster(port.State(), port.Cluster));

    private Task WriteWhyAsync(HttpContext http, string subject, EquatableArray<string> sentences)
    {
        var events = port.Events.After(0).Where(e => e.Subject == subject).TakeLast(10).ToEquatableArray();
        return WriteAsync(http, new WhyView(subject, sentences, events));
    }

    public async Task TopAsync(HttpContext http)
    {
        var over = TimeSpan.FromSeconds(Math.Clamp(Seconds(http, "over", UsualOver), LeastOver, MostOver));
        var (begun, before) = (port.Clock.GetTimestamp(), port.Readings());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        await Task.Delay(over, port.Clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var after = port.Readings();
        await WriteAsync(http, Usage.Of(port.State(), before, after, port.Clock.GetElapsedTime(begun)));
    }

    public Task RoutesAsync(HttpContext http) => WriteAsync(http, new RoutesView([.. port.Traffic()]));

    public Task MetricsAsync(HttpContext http)
    {
        if (port.Metrics() is not { } text)
            return RefuseAsync(http, 404, new ErrorView("there is no gateway in this process; ask the gateways, at " +
                "the address that x-tangram.gateway.metrics gives them", ErrorView.Arguments));
        http.Response.ContentType = Routing.Records.Exposition.ContentType;
        return http.Response.WriteAsync(text);
    }

    public async Task DiffAsync(HttpContext http)
    {
        var state = port.State();
        var (before, after) = (Numbered(state, Named(http, "before")), Numbered(state, Named(http, "after")));
        if (before is null || after is null)
            await RefuseAsync(http, 404, new ErrorView("there are no such two revisions. There are: " +
                string.Join(", ", state.Revisions.Keys), ErrorView.Arguments));
        else
            await WriteAsync(http, SpecDiff.Of(before, after).ToArray());
    }

    public async Task SpecAsync(HttpContext http)
    {
        if (port.State().EffectiveSpec is not { } spec)
        {
            await RefuseAsync(http, 404, new ErrorView("nothing is asked for yet", ErrorView.Arguments));
            return;
        }
        http.Response.ContentType = JsonType + "; charset=utf-8";
        await http.Response.WriteAsync(Json.Write(spec));
    }

    public static Task OpenApiAsync(HttpContext http)
    {
        http.Response.ContentType = JsonType + "; charset=utf-8";
        return http.Response.WriteAsync(OpenApi.Text());
    }

    /// <summary>Also "now", the one in force.</summary>
    private static ClusterSpec? Numbered(ClusterState state, string number) =>
        number == "now" ? state.EffectiveSpec
        : int.TryParse(number, CultureInfo.InvariantCulture, out var known) ? state.Spec(known)
        : null;

    private static double Seconds(HttpContext http, string query, double otherwise) =>
        double.TryParse(http.Request.Query[query], CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? seconds : otherwise;
}
