using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>Reads what the users of one thread group do.</summary>
internal sealed class JmxItems(JmxPlan plan, JmxOptions options, JmxCookies cookies, int group)
{
    public EquatableArray<ScenarioItem> Read(IEnumerable<JmxElement> elements, JmxScope above)
    {
        var (others, items) = (new List<JmxElement>(), new List<ScenarioItem>());
        var scope = above.With(elements, plan, others);
        foreach (var one in others) items.AddRange(Read(one, scope));
        return items.ToEquatableArray();
    }

    private IEnumerable<ScenarioItem> Read(JmxElement one, JmxScope scope)
    {
        switch (one.Kind)
        {
            case "HTTPSamplerProxy" or "HTTPSampler" or "HTTPSampler2":
                var others = new List<JmxElement>();
                var own = scope.With(one.Below, plan, others);
                foreach (var other in others)
                    if (!JmxReader.Shared(other, plan, cookies, group)) JmxReader.Unknown(other, plan);
                var request = JmxSampler.Read(one, own, plan, options);
                plan.Unread(one);
                return [.. own.Before, new ScenarioItem.Send(request)];
            case "LoopController":
                var loops = one.Text("LoopController.loops", "1");
                one.Flag("LoopController.continue_forever");
                plan.Unread(one);
                var repeated = Read(one.Below, scope);
                return repeated.Count == 0 ? []
                    : [new ScenarioItem.Repeat(loops.Trim() == "-1" ? null : plan.Text(loops, one.Place), repeated)];
            case "TransactionController":
                var timers = one.Flag("TransactionController.includeTimers");
                plan.Unread(one);
                var part = Read(one.Below, scope);
                return part.Count == 0 ? [] : [new ScenarioItem.Part(one.Name, part) { WithRests = timers }];
            case "OnceOnlyController":
                plan.Unread(one);
                return Read(one.Below, scope) is { Count: > 0 } once ? [new ScenarioItem.Once(once)] : [];
            case "GenericController":
                plan.Unread(one);
                return Read(one.Below, scope);
            default:
                if (!JmxReader.Shared(one, plan, cookies, group)) JmxReader.Unknown(one, plan);
                return [];
        }
    }
}
