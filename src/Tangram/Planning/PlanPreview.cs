using System.Text.Json;
using System.Text.Json.Nodes;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Capacity;

namespace Tangram.Planning;

/// <summary>What a deploy of this spec would come to, as far as it can be told before it begins: which services move,
/// and the first steps.</summary>
internal static class PlanPreview
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="state">Empty when no cluster runs: then the file's own virtual nodes are taken.</param>
    public static string Of(ClusterState state, ClusterSpec spec, bool json)
    {
        var asked = state.Asked?.Value.Revision ?? 0;
        var before = state.Spec(state.Rollout?.Value.Effective ?? asked);
        var next = asked + 1;
        var preview = (state.Nodes.Count == 0 ? WithNodes(state, spec) : state) with
        {
            Asked =
                new Versioned<Asked>((state.Asked?.Value ?? new Asked { Revision = next }) with { Revision = next }, 1),
            Revisions = state.Revisions.SetItem(next, new Revision { Number = next, Spec = spec }),
            Rollout = new Versioned<Rollout>((state.Rollout?.Value ?? new Rollout()) with
            {
                Target = next, Stage = RolloutStage.Rolling, Admitted = [],
            }, 1),
        };
        var plan = before == spec ? Plan.Nothing : Planner.Diff(preview, PlanningFacts.None);
        var moved = Templates.Changed(before, spec).Select(s => s.Name.Value).ToArray();
        var gone = (before?.Services ?? []).Where(s => spec.Find(s.Name) is null).Select(s => s.Name.Value).ToArray();
        var given = spec.Services
            .SelectMany(s => GrantChanges.Of(before?.Find(s.Name), s).Select(what => $"{s.Name}: {what}"))
            .Concat(GrantChanges.Of(before?.Tls, spec.Tls).Select(what => $"gateways: {what}")).ToArray();
        var needs = CapacityPlan.Of(state, spec);
        if (!json)
            return string.Join('\n', [AsText(plan, moved, gone, given, before is null, before == spec),
                .. CapacityPlan.Lines(needs)]);
        var all = AsJson(plan, moved, gone, given, before == spec);
        all["capacity"] = CapacityJson.Of(needs);
        return all.ToJsonString(Indented);
    }

    private static ClusterState WithNodes(ClusterState state, ClusterSpec spec) => state with
    {
        Nodes = state.Nodes.AddRange(spec.VirtualNodes().Select(n => KeyValuePair.Create(n.Node, new NodeState
        {
            Name = n.Node, Seen = new Versioned<Seen>(new Seen { Incarnation = 1, Zone = n.Zone }, 1),
        }))),
    };

    private static string AsText(
        Plan plan, string[] moved, string[] gone, string[] given, bool first, bool same)
    {
        if (same) return "nothing would change";
        var lines = new List<string>();
        if (moved.Length > 0)
            lines.Add($"{(first ? "would start" : "would move every replica of")}: {string.Join(", ", moved)}");
        lines.AddRange(given.Select(g => $"  {g}"));
        if (gone.Length > 0) lines.Add($"would end, after the rest has held: {string.Join(", ", gone)}");
        if (moved.Length + gone.Length == 0)
            lines.Add("no replica would move; routes, counts or settings change in place");
        if (plan.Steps.Count > 0) lines.Add("the first steps:");
        lines.AddRange(plan.Steps.Select(s => $"  {s}"));
        lines.AddRange(plan.Waiting.Select(w => $"  {w.Service} waits: {w.Because}"));
        return string.Join('\n', lines);
    }

    private static JsonObject AsJson(Plan plan, string[] moved, string[] gone, string[] given, bool same) => new()
    {
        ["changes"] = !same,
        ["moved"] = new JsonArray([.. moved.Select(m => JsonValue.Create(m))]),
        ["removed"] = new JsonArray([.. gone.Select(g => JsonValue.Create(g))]),
        ["given"] = new JsonArray([.. given.Select(g => JsonValue.Create(g))]),
        ["steps"] = new JsonArray([.. plan.Steps.Select(s => new JsonObject
        {
            ["subject"] = s.Subject, ["what"] = s.ToString(), ["because"] = s.Because,
        })]),
        ["waiting"] = new JsonArray([.. plan.Waiting.Select(w => new JsonObject
        {
            ["service"] = w.Service.Value, ["because"] = w.Because,
        })]),
    };
}
