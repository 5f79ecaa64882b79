using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads what <c>x-tangram.gateway</c> says of the access log, of metrics and of traces.</summary>
internal static class RecordsReader
{
    private const string Form = "write it like http://127.0.0.1:9101; at its /metrics they are, for whoever can reach it";

    /// <summary>Null: no log is kept.</summary>
    public static AccessLogSpec? AccessLog(Fields gateway, string folder)
    {
        var paths = new Folders(folder);
        switch (gateway["access_log"])
        {
            case null or Tree.Refused:
                return null;
            case Tree.Map:
                var fields = gateway.Open("access_log", TopKeys.AccessLog);
                return new AccessLogSpec
                {
                    Format = fields.Choice("format", AccessLogFormat.Json,
                        [("json", AccessLogFormat.Json), ("combined", AccessLogFormat.Combined)]),
                    Path = paths.PathOf(fields, "path"),
                    Query = fields.Flag("query", false),
                };
            case Tree.Scalar { IsNull: false, Text: var text } when IsFlag(text):
                return text[0] is 't' or 'T' ? new AccessLogSpec() : null;
            default:
                return paths.PathOf(gateway, "access_log") is { } path ? new AccessLogSpec { Path = path } : null;
        }
    }

    /// <summary>It stands for a file in the state folder, and not for one of this name.</summary>
    public static bool IsFlag(string text) => text is "true" or "True" or "false" or "False";

    /// <summary>Null: they are served at the API alone.</summary>
    public static Placed<Listener>? Metrics(Fields gateway)
    {
        if (gateway.Filled("metrics") is not { } text) return null;
        var found = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            ? GatewayReader.Address(text["http://".Length..].TrimEnd('/'), "80", "http") : null;
        if (found is not null) return new(found, gateway.PlaceOf("metrics"));
        gateway.Problems.Error(gateway.PlaceOf("metrics"),
            $"'metrics' is {Quoted.Of(text)}, where nobody can ask for them", Form);
        return null;
    }

    public static TraceStart Trace(Fields gateway) => gateway.Choice("trace", TraceStart.Sampled,
        [("sampled", TraceStart.Sampled), ("unsampled", TraceStart.Unsampled), ("pass", TraceStart.Pass)]);
}
