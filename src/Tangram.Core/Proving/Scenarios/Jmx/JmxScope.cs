using System.Globalization;
using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>What applies to every sampler from here down: a scope is its parent's with its own laid over.</summary>
internal sealed record JmxScope
{
    /// <summary>Request defaults; the nearest first.</summary>
    public EquatableArray<JmxElement> Defaults { get; init; }
    public EquatableArray<Pair> Headers { get; init; }
    public EquatableArray<ScenarioItem> Before { get; init; }
    public EquatableArray<JmxElement> Assertions { get; init; }
    public EquatableArray<Extract> Extracts { get; init; }

    /// <summary>Takes what belongs to a scope out of its elements; the others are for the caller.</summary>
    public JmxScope With(IEnumerable<JmxElement> elements, JmxPlan plan, List<JmxElement> others)
    {
        var scope = this;
        foreach (var one in elements.Where(element => element.Enabled))
        {
            var known = true;
            switch (one.Kind)
            {
                case "ConfigTestElement" when one.Text("HTTPSampler.domain") is not null
                    || one.Text("HTTPSampler.path") is not null:
                    scope = scope with { Defaults = [one, .. scope.Defaults] };
                    plan.Defaults.Add(one);
                    break;
                case "HeaderManager":
                    scope = scope with { Headers = Laid(scope.Headers, Named(one, "HeaderManager.headers", "Header",
                        plan)) };
                    break;
                case "ConstantTimer" or "UniformRandomTimer" or "GaussianRandomTimer" or "ConstantThroughputTimer":
                    scope = scope with { Before = [.. scope.Before, .. JmxTimers.Read(one, plan)] };
                    break;
                case "ResponseAssertion" or "JSONPathAssertion" or "DurationAssertion":
                    scope = scope with { Assertions = [.. scope.Assertions, one] };
                    break;
                case "JSONPostProcessor" or "RegexExtractor":
                    scope = scope with { Extracts = [.. scope.Extracts, .. JmxExtracts.Read(one, plan)] };
                    break;
                case "Arguments":
                    foreach (var (name, value) in Texts(one, "Arguments.arguments", "Argument"))
                        plan.Define(name, value, one.Place);
                    break;
                default:
                    known = false;
                    break;
            }
            // What samplers of the scope ask about themselves is looked at after them.
            var later = one.Kind == "ConfigTestElement" || one.Kind.EndsWith("Assertion", StringComparison.Ordinal);
            if (!known) others.Add(one);
            else if (!later) plan.Unread(one);
        }
        return scope;
    }

    public static IEnumerable<(string Name, string Value)> Texts(JmxElement element, string collection, string kind) =>
        element.Items(collection).Select(item =>
            (item.Text($"{kind}.name", ""), item.Text($"{kind}.value", "")));

    private static EquatableArray<Pair> Named(JmxElement element, string collection, string kind, JmxPlan plan) =>
        Texts(element, collection, kind).Where(pair => pair.Name.Length > 0).Select(pair => new Pair(
            plan.Text(pair.Name, element.Place), plan.Text(pair.Value, element.Place))).ToEquatableArray();

    private static EquatableArray<Pair> Laid(EquatableArray<Pair> below, EquatableArray<Pair> over) => below
        .Where(pair => !over.Any(other => other.Name.Text.Equals(pair.Name.Text, StringComparison.OrdinalIgnoreCase)))
        .Concat(over).ToEquatableArray();
}

/// <summary>Timers: each waits before every sampler of its scope.</summary>
internal static class JmxTimers
{
    public static IEnumerable<ScenarioItem> Read(JmxElement timer, JmxPlan plan)
    {
        if (timer.Kind == "ConstantThroughputTimer")
        {
            var mode = timer.Text("calcMode", "0");
            var row = Row(mode);
            if (row is null) plan.Unsupported(timer.Place, $"calcMode {Planning.Quoted.Of(mode)} of {timer.Shown}");
            if (plan.Number(timer.Double("throughput") ?? "", "the throughput", timer.Place) is not { } rate
                || rate <= 0) yield break;
            yield return new ScenarioItem.Pace(rate, row ?? PaceRow.User, plan.Timers++);
            yield break;
        }
        var least = Span(timer, "ConstantTimer.delay", plan);
        var range = timer.Kind == "ConstantTimer" ? TimeSpan.Zero : Span(timer, "RandomTimer.range", plan);
        yield return new ScenarioItem.Rest(timer.Kind == "GaussianRandomTimer"
            ? new ThinkSpec(least, least, range) : new ThinkSpec(least, least + range));
    }

    /// <summary>A number from 0, or the name of its text, which counts from 1.</summary>
    private static PaceRow? Row(string mode)
    {
        var named = mode.StartsWith("calcMode.", StringComparison.Ordinal);
        return int.TryParse(named ? mode["calcMode.".Length..] : mode, NumberStyles.None, CultureInfo.InvariantCulture,
            out var number) && (PaceRow)(named ? number - 1 : number) is var row && Enum.IsDefined(row) ? row : null;
    }

    private static TimeSpan Span(JmxElement timer, string name, JmxPlan plan)
    {
        var text = timer.Double(name) is { Length: > 0 } given ? given : "0";
        var milliseconds = plan.Number(text, $"{name} of {timer.Shown}", timer.Place) ?? 0;
        return TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, ThinkSpec.Longest.TotalMilliseconds));
    }
}
