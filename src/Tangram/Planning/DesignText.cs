using System.Text.Json.Nodes;
using Tangram.Planning.Designing;

namespace Tangram.Planning;

/// <summary>What is weak in a design, as <c>plan</c> shows it.</summary>
internal static class DesignText
{
    public static IEnumerable<string> Lines(IReadOnlyList<DesignFinding> design)
    {
        if (design.Count == 0) yield break;
        yield return "";
        yield return "weak in the design:";
        foreach (var finding in design)
        {
            yield return $"  {finding.Check}  {finding.Sentence}";
            yield return $"      at:  {finding.Place}";
            yield return $"      why: {finding.Why}";
            yield return $"      fix: {finding.Remedy}";
        }
    }

    /// <summary>The plan's JSON with <c>design</c> in it.</summary>
    public static JsonObject Into(string plan, IReadOnlyList<DesignFinding> design)
    {
        var all = JsonNode.Parse(plan)!.AsObject();
        all["design"] = new JsonArray([.. design.Select(finding => new JsonObject
        {
            ["check"] = finding.Check, ["place"] = finding.Place.ToString(),
            ["services"] = new JsonArray([.. finding.Services.Select(s => JsonValue.Create(s.Value))]),
            ["what"] = finding.What, ["why"] = finding.Why, ["remedy"] = finding.Remedy,
        })]);
        return all;
    }
}
