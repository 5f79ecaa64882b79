using System.Text;
using System.Text.RegularExpressions;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What was read, with what only others can check.</summary>
/// <param name="To">Null: no other service.</param>
/// <param name="File">Whose text shall be the answer's; null: none.</param>
internal sealed record DegradeDraft(DegradeSpec Spec, Placed<ServiceName>? To, Placed<string>? File);

/// <summary>Reads <c>x-tangram.degrade</c>.</summary>
internal static partial class DegradeReader
{
    public const int LargestBody = 64 * 1024;

    private static readonly TimeSpan LongestLatency = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestStale = TimeSpan.FromDays(1);

    /// <param name="folder">Where relative paths start.</param>
    public static DegradeDraft? Read(Fields tangram, BalancePolicy policy, Folders folder)
    {
        if (tangram["degrade"] is null) return null;
        var fields = tangram.Open("degrade", DegradeKeys.Degrade);
        var to = RouteReader.Service(fields, "to");
        var stale = Within(fields, "stale", fields.DurationOrNull("stale", positive: true), LongestStale,
            "write less: so old an answer says nothing about now");
        var (response, file) = Response(fields, folder);
        return new DegradeDraft(new DegradeSpec
        {
            ZoneLatency = Latency(fields, policy), To = to, Stale = stale, Response = response,
        }, to is { } service ? new Placed<ServiceName>(service, fields.PlaceOf("to")) : null, file);
    }

    private static TimeSpan? Latency(Fields fields, BalancePolicy policy)
    {
        if (fields["zone_latency"] is null)
            return TrafficSpec.HeedsZones(policy) ? DegradeSpec.UsualLatency : null;
        if (fields["zone_latency"] is Tree.Scalar { Text: "off" }) return null;
        if (!TrafficSpec.HeedsZones(policy))
            fields.Problems.Error(fields.PlaceOf("zone_latency"),
                "'zone_latency' and the balance hash or first exclude each other", "delete one of them: there the " +
                "key or the order says where a request goes");
        return Within(fields, "zone_latency", fields.DurationOrNull("zone_latency", positive: true), LongestLatency,
            "write less: what is overdue for so long is lost");
    }

    private static TimeSpan? Within(Fields fields, string key, TimeSpan? time, TimeSpan most, string remedy)
    {
        if (time > most)
            fields.Problems.Error(fields.PlaceOf(key), $"'{key}' is longer than " +
                (most.TotalHours >= 1 ? $"{most.TotalHours:0}h" : $"{most.TotalSeconds:0}s"), remedy);
        return time;
    }

    private static (FixedAnswerSpec?, Placed<string>?) Response(Fields degrade, Folders folder)
    {
        if (degrade["response"] is null) return default;
        var fields = degrade.Open("response", DegradeKeys.Response);
        var body = fields["body"] is { } tree ? Scalars.Text(tree, "body", fields.Problems) : null;
        var path = folder.PathOf(fields, "file");
        if (fields["body"] is not null && fields["file"] is not null)
            fields.Problems.Error(fields.PlaceOf("file"), "'file' and 'body' exclude each other", "delete one of them");
        if (body is not null && Encoding.UTF8.GetByteCount(body) > LargestBody)
            fields.Problems.Error(fields.PlaceOf("body"), "'body' is longer than 64 kB", "write less");
        var type = fields.Filled("type");
        if (type is not null && !MediaType().IsMatch(type))
        {
            fields.Problems.Error(fields.PlaceOf("type"), $"'type' is {Quoted.Of(type)}, which is no media type",
                "write one such as text/html or application/json");
            type = null;
        }
        type ??= path is null ? "text/plain; charset=utf-8" : TypeOf(path);
        return (new FixedAnswerSpec(fields.Whole("status", 503, 200, 599), type, body ?? ""),
            path is null ? null : new Placed<string>(path, fields.PlaceOf("file")));
    }

    private static string TypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".html" or ".htm" => "text/html; charset=utf-8",
        ".json" => "application/json",
        ".xml" => "application/xml",
        ".svg" => "image/svg+xml",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };

    [GeneratedRegex(@"^[\w.+-]+/[\w.+-]+(; *[\w-]+=[\w.-]+)*$")]
    private static partial Regex MediaType();
}
