using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>x-tangram.forecast</c> of a service.</summary>
internal static class ForecastReader
{
    public const string RateForm = @"^[0-9]*\.?[0-9]+ ?/ ?[smh]$";

    /// <summary>More than any one cluster answers.</summary>
    private const double MostRate = 10_000_000;

    /// <summary>What nobody sends requests to has none.</summary>
    public static ServiceSpec Into(ServiceSpec service, Fields tangram)
    {
        if (Read(tangram) is not { } forecast) return service;
        if (!service.Serves || service.IsJob)
            tangram.Problems.Error(tangram.PlaceOf("forecast"),
                $"'forecast' is for a service that takes requests, and {service.Name} " +
                (service.IsJob ? "is a job" : "has no probe, route or port"),
                service.IsJob ? "delete it" : "delete it, or give the service a probe");
        return service with { Forecast = forecast };
    }

    private static ForecastSpec? Read(Fields tangram)
    {
        if (tangram["forecast"] is null) return null;
        var fields = tangram.Open("forecast", ServiceKeys.Forecast);
        if (!fields.IsMap) return null;
        if (fields["rate"] is null)
            fields.Problems.Error(fields.Place, "'forecast' says no rate", "write rate: 500/s");
        return new ForecastSpec
        {
            Rate = fields.Parsed("rate", Rate, "a rate such as 500/s, 30/m or 10000/h") ?? 0,
            LatencyP99 = fields.DurationOrNull("latency_p99", positive: true),
            Storage = fields.Parsed<long>("storage", DeployReader.Size, DeployReader.SizeWanted) ?? 0,
            Bandwidth = fields.Parsed<long>("bandwidth", DeployReader.Size, DeployReader.SizeWanted) ?? 0,
        };
    }

    /// <summary>Per second.</summary>
    private static double? Rate(string text)
    {
        if (text.Split('/') is not [var count, var unit]) return null;
        var seconds = unit.Trim(' ') switch { "s" => 1, "m" => 60, "h" => 3600, _ => 0 };
        var rate = seconds == 0 ? null : Quantities.Number(count.TrimEnd(' ')) / seconds;
        return rate is > 0 and <= MostRate ? rate : null;
    }
}
