using System.Text.Json.Nodes;
using Tangram.Proving.Capacity;

namespace Tangram.Proving;

/// <summary>What forecasts need, in the JSON of <c>plan</c>.</summary>
internal static class CapacityJson
{
    public static JsonArray Of(IReadOnlyList<ServiceNeed> needs) => new([.. needs.Select(Of)]);

    private static JsonObject Of(ServiceNeed need) => new()
    {
        ["service"] = need.Service.Name.Value, ["rate"] = need.Forecast.Rate,
        ["latencyMs"] = need.Need?.Latency.TotalMilliseconds, ["zones"] = need.Zones, ["asked"] = need.Asked,
        ["needed"] = need.Need?.Bare, ["neededWithoutAnyZone"] = need.Need?.Total, ["tooFew"] = need.TooFew,
        ["because"] = need.Need?.Because,
        ["capacity"] = need.Known is not { } known ? null : new JsonObject
        {
            ["revision"] = known.Revision, ["at"] = known.At.ToString("O"), ["path"] = known.Path,
            ["rate"] = known.Rate, ["latencyMs"] = known.LatencyP99.TotalMilliseconds,
            ["greatest"] = known.Greatest, ["knee"] = known.Knee, ["idleMs"] = known.Idle.TotalMilliseconds,
            ["sameProgram"] = need.Same,
        },
        ["learn"] = need.Known is null || !need.Same ? need.Learn : null,
    };
}
