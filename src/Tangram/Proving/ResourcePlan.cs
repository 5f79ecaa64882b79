using System.Text.Json;
using System.Text.Json.Nodes;
using Tangram.Cli;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving.Capacity;

namespace Tangram.Proving;

/// <summary>How large nodes must be, as <c>plan --resources</c> shows it.</summary>
internal static class ResourcePlan
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Of(ClusterState state, ClusterSpec spec, bool json)
    {
        var matrix = ResourceMatrix.Of(state, spec);
        if (json) return AsJson(matrix).ToJsonString(Indented);
        var table = new Table(ResourceText.Headings) { Right = ResourceText.Headings[2..] };
        foreach (var row in ResourceText.Rows(matrix)) table.Add(row);
        using var text = new StringWriter();
        table.Write(text);
        foreach (var sentence in ResourceText.Sentences(matrix)) text.WriteLine(sentence);
        return text.ToString().TrimEnd();
    }

    private static JsonObject AsJson(ResourceMatrix matrix) => new()
    {
        ["warningLevel"] = ResourceMatrix.WarningLevel,
        ["nodes"] = new JsonArray([.. matrix.Nodes.Select(n => new JsonObject
        {
            ["node"] = n.Node.Value, ["zone"] = n.Zone.Value, ["standard"] = AsJson(n.Standard),
            ["extended"] = AsJson(n.Extended),
            ["offers"] = new JsonObject { ["cpus"] = n.Offers.Cpus, ["memory"] = n.Offers.Memory },
        })]),
        ["zones"] = new JsonArray([.. matrix.Zones.Select(z => new JsonObject
        {
            ["zone"] = z.Zone.Value, ["standard"] = AsJson(z.Standard), ["extended"] = AsJson(z.Extended),
        })]),
        ["largest"] = new JsonObject
        {
            ["standard"] = AsJson(matrix.Standard), ["extended"] = AsJson(matrix.Extended),
        },
        ["unplaced"] = new JsonArray([.. matrix.Unplaced.Select(u => JsonValue.Create(u))]),
    };

    private static JsonObject AsJson(Takes takes) => new()
    {
        ["replicas"] = takes.Replicas, ["cpus"] = takes.Cpus, ["memory"] = takes.Memory,
        ["storage"] = takes.Storage, ["bandwidth"] = takes.Bandwidth, ["untold"] = takes.Untold,
    };
}
