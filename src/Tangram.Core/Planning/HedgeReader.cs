using System.Globalization;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>x-tangram.hedge</c> of a service.</summary>
internal static class HedgeReader
{
    private const string Forms = "a quantile of the latency, p50 to p99.9, such as p95; a time such as 50ms; or off";
    private static readonly TimeSpan Latest = TimeSpan.FromMinutes(1);

    public static HedgeSpec? Read(Fields tangram)
    {
        if (tangram.Filled("hedge") is not { } text || text == "off") return null;
        if (Quantile(text) is { } quantile) return new HedgeSpec(null, quantile);
        if (Quantities.Duration(text) is { } after && after >= HedgeSpec.Soonest && after <= Latest)
            return new HedgeSpec(after);
        tangram.Problems.Error(tangram.PlaceOf("hedge"),
            $"'hedge' is {Quoted.Of(text)}, which does not say when a second backend is asked", $"write {Forms}");
        return null;
    }

    private static double? Quantile(string text) =>
        text.StartsWith('p') && double.TryParse(
            text.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
        && percent is >= 50 and <= 99.9 ? percent / 100 : null;
}
