using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads <c>thresholds</c>.</summary>
internal static class ThresholdReader
{
    private const int Most = 1000;

    public static EquatableArray<Threshold> Read(Tree? tree, Scenario scenario, ProblemList problems)
    {
        if (tree is null or Tree.Refused) return [];
        if (tree is not Tree.Map map)
        {
            problems.Error(tree.Place, $"'thresholds' takes a map and is {tree.Kind}",
                "write http_req_duration: [\"p(99)<200\"] below it");
            return [];
        }
        var thresholds = new List<Threshold>();
        foreach (var entry in map.Entries)
        {
            if (Named(entry.Key, scenario, problems) is not var (metric, step)) continue;
            foreach (var item in entry.Value is Tree.List list ? list.Items : [entry.Value])
            {
                if (Scalars.Filled(item, entry.Key.Text, problems) is not { } text) continue;
                if (thresholds.Count >= Most)
                    problems.Error(item.Place, $"there are more than {Most} thresholds", "leave some out");
                else if (Threshold.TryRead(metric, step, text, out var wrong) is { } threshold) thresholds.Add(
                    threshold);
                else problems.Error(item.Place, $"the threshold is {Quoted.Of(text)}, {wrong}",
                    $"write {Threshold.Wanted}");
            }
        }
        return thresholds.ToEquatableArray();
    }

    /// <summary><c>metric</c> or <c>metric{step:NAME}</c>.</summary>
    private static (ThresholdMetric, string?)? Named(Tree.Scalar key, Scenario scenario, ProblemList problems)
    {
        var open = key.Text.IndexOf('{', StringComparison.Ordinal);
        var name = (open < 0 ? key.Text : key.Text[..open]).Trim();
        if (ThresholdMetric.Find(name) is not { } metric)
        {
            var known = ThresholdMetric.All.Select(one => one.Name).ToList();
            problems.Error(key.Place, $"{Quoted.Of(name)} is not measured",
                NearMiss.Of(name, known) is { } meant ? $"write {meant}" : $"write one of {string.Join(", ", known)}");
            return null;
        }
        if (open < 0) return (metric, null);
        var tag = key.Text[(open + 1)..].TrimEnd().TrimEnd('}').Split(':', 2);
        var word = metric.Name == "group_duration" ? "group" : "step";
        if (!metric.HasSteps || tag.Length < 2 || tag[0].Trim() is not ("step" or "name" or "group"))
        {
            problems.Error(key.Place, $"{Quoted.Of(key.Text)} is told apart by something that is not known",
                metric.HasSteps ? $"write {metric.Name}{{{word}:NAME}}" : $"write {metric.Name} alone");
            return null;
        }
        var wanted = tag[1].Trim().TrimStart(':');
        var names = metric.Name == "group_duration"
            ? scenario.Groups.SelectMany(g => Scenario.Below(g.Items)).OfType<ScenarioItem.Part>().Select(p => p.Name)
            : scenario.Requests.Select(request => request.Name);
        if (names.Contains(wanted)) return (metric, wanted);
        problems.Error(key.Place, $"there is no {word} named {Quoted.Of(wanted)}",
            NearMiss.Of(wanted, names) is { } near ? $"write {near}" : "write the name of one");
        return null;
    }
}
