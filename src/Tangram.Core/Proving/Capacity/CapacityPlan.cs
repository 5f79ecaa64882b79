using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Proving.Capacity;

/// <summary>What a service's forecast comes to, for a file and what is known of its cluster.</summary>
/// <param name="Known">Null: nobody has measured it.</param>
/// <param name="Same">It was measured with the program that the file asks for.</param>
/// <param name="Need">Null: the capacity is not known.</param>
public sealed record ServiceNeed(
    ServiceSpec Service, ForecastSpec Forecast, int Zones, MeasuredCapacity? Known, bool Same, ReplicaNeed? Need)
{
    public int Asked => Service.Deploy.Replicas;

    /// <summary>What is asked for does not carry the forecast when a zone is lost.</summary>
    public bool TooFew => Need is { Total: { } total } && Asked < total;

    public bool Global => Service.Deploy.Mode == DeployMode.Global;

    public string Learn => $"tangram load /PATH --find-limit --service {Service.Name}";
}

/// <summary>How many replicas the forecasts of a file need.</summary>
public static class CapacityPlan
{
    /// <summary>In the order of the services.</summary>
    public static IReadOnlyList<ServiceNeed> Of(ClusterState state, ClusterSpec spec) =>
        [.. spec.Services.Where(s => s.Forecast is not null).Select(s => Of(state, spec, s, s.Forecast!))];

    private static ServiceNeed Of(ClusterState state, ClusterSpec spec, ServiceSpec service, ForecastSpec forecast)
    {
        var zones = spec.VirtualNodes().Where(n => Placer.Satisfies(service, n.Node, n.Zone, [])).Select(n => n.Zone)
            .Distinct().Count();
        // Labels are not known from the file; then every zone is taken to have a node for it.
        if (zones == 0) zones = spec.Zones.Count;
        var all = state.Capacities.GetValueOrDefault(service.Name)?.Value.Known ?? [];
        // What a running replica depends on is what its capacity depends on.
        var same = all.FirstOrDefault(k => state.Spec(k.Revision)?.Find(service.Name)?.Template == service.Template);
        var known = same ?? all.FirstOrDefault();
        var need = known is null ? null : ReplicaNeed.Of(forecast, known, zones, spec.Objectives.LatencyP99);
        return new ServiceNeed(service, forecast, zones, known, same is not null, need);
    }

    /// <summary>As <c>plan</c> shows them.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<ServiceNeed> needs)
    {
        if (needs.Count == 0) yield break;
        yield return "";
        yield return "what the forecasts need:";
        foreach (var need in needs)
            foreach (var line in Lines(need)) yield return "  " + line;
    }

    private static IEnumerable<string> Lines(ServiceNeed need)
    {
        var (name, rate) = (need.Service.Name, Text($"{need.Forecast.Rate:0.##}/s"));
        if (need is not { Known: { } known, Need: { } found })
        {
            yield return $"{name}: {rate}, and what one replica carries is not known";
            yield return $"    fix: learn it by `{need.Learn}`";
            yield break;
        }
        var asked = $"{rate} at p99 ≤ {LimitReport.Milliseconds(found.Latency)}";
        if (found is not { Bare: { } bare, Total: { } total })
        {
            yield return $"{name}: {asked} cannot be kept: {found.Because}";
        }
        else
        {
            var lost = need.Zones > 1
                ? $", and {total} with any of {need.Zones} zones lost ({total / need.Zones} in each)"
                : "; there is one zone, and without it none";
            var has = need.Global ? "one runs on each node" : $"deploy.replicas is {need.Asked}";
            yield return $"{name}: {asked} needs {Counted(bare)}{lost}; {has}";
            yield return $"    why: {found.Because}";
        }
        yield return Text($"    by:  revision {known.Revision} on {known.At:yyyy-MM-dd}, {known.Path}: ") +
            Text($"{known.Rate:0.#}/s ") + $"at p99 ≤ {LimitReport.Milliseconds(known.LatencyP99)}" +
            Text($", at most {known.Greatest:0.#}/s") + (need.Same ? "" : "; the program or its limits differ since");
        if (need is { TooFew: true, Global: false })
            yield return $"    fix: write deploy.replicas: {found.Total}" +
                (need.Same ? "" : $", or measure again by `{need.Learn}`");
        else if (!need.Same) yield return $"    fix: measure again by `{need.Learn}`";
    }

    private static string Counted(int replicas) => replicas == 1 ? "1 replica" : $"{replicas} replicas";
    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
