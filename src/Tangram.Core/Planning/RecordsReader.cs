using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads what <c>x-tangram.gateway</c> says of the access log, of metrics and of traces.</summary>
internal static class RecordsReader
{
    private const string Form = "write it like http://127.0.0.1:9101; whoever can reach it may read them at /metrics";

    /// <summary>The spec with it, and where metrics are served: one address or none.</summary>
    public static (ClusterSpec Spec, IReadOnlyList<Placed<Listener>> Metrics) Read(
        ClusterSpec spec, Fields gateway, string folder)
    {
        var metrics = Metrics(gateway);
        return (spec with
        {
            AccessLog = AccessLog(gateway, folder),
            GatewayMetrics = metrics is [var (told, _)] ? told.ToString() : null,
            TraceStart = gateway.Choice("trace", TraceStart.Sampled, [("sampled", TraceStart.Sampled),
                ("unsampled", TraceStart.Unsampled), ("pass", TraceStart.Pass)]),
        }, metrics);
    }

    /// <summary>Null: no log is kept.</summary>
    private static AccessLogSpec? AccessLog(Fields gateway, string folder)
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

    /// <summary>None: they are served at the API alone.</summary>
    private static IReadOnlyList<Placed<Listener>> Metrics(Fields gateway)
    {
        if (gateway.Filled("metrics") is not { } text) return [];
        var found = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            ? GatewayReader.Address(text["http://".Length..].TrimEnd('/'), "80", "http") : null;
        if (found is not null) return [new(found, gateway.PlaceOf("metrics"))];
        gateway.Problems.Error(gateway.PlaceOf("metrics"),
            $"'metrics' is {Quoted.Of(text)}, where nobody can ask for them", Form);
        return [];
    }
}
