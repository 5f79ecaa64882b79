using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>x-tangram.gateway.limits</c>.</summary>
internal static class LimitsReader
{
    // What a connection may hold unread, which these must fit into, is 1 MB.
    private const int MostHeaderBytes = 512 * 1024, MostRequestLine = 64 * 1024, MostHeaders = 1_000;
    private const int MostRate = 1_000_000, MostConnections = 1_000_000;
    private static readonly TimeSpan LongestHeaderTime = TimeSpan.FromMinutes(10);

    public static GatewayLimitsSpec Read(Fields gateway)
    {
        var usual = new GatewayLimitsSpec();
        if (gateway["limits"] is null) return usual;
        var fields = gateway.Open("limits", TopKeys.Limits);
        return new GatewayLimitsSpec
        {
            HeaderBytes = (int)(Size(fields, "header_bytes", 1024, MostHeaderBytes, "1k to 512k, such as 32k")
                ?? usual.HeaderBytes),
            Headers = fields.Whole("headers", usual.Headers, 10, MostHeaders),
            RequestLine = (int)(Size(fields, "request_line", 256, MostRequestLine, "256 to 64k, such as 8k")
                ?? usual.RequestLine),
            HeaderTime = Most(fields, "header_time", usual.HeaderTime, LongestHeaderTime),
            BodyRate = (int)(Size(fields, "body_rate", 0, MostRate, "0 to 1000000 bytes a second, such as 240")
                ?? usual.BodyRate),
            KeepAlive = fields.Duration("keep_alive", usual.KeepAlive, positive: true),
            Connections = fields.Whole("connections", usual.Connections, 1, MostConnections),
            BodyBytes = Size(fields, "body_bytes", 1, long.MaxValue, "such as 100m"),
        };
    }

    private static long? Size(Fields fields, string key, long least, long most, string wanted) => fields.Parsed<long>(
        key, text => Quantities.Bytes(text) is { } bytes && bytes >= least && bytes <= most ? bytes : null,
        $"a size, {wanted}");

    private static TimeSpan Most(Fields fields, string key, TimeSpan usual, TimeSpan longest)
    {
        var asked = fields.Duration(key, usual, positive: true);
        if (asked <= longest) return asked;
        fields.Problems.Error(fields.PlaceOf(key), $"'{key}' is longer than {longest.TotalMinutes:0} minutes",
            "shorten it: until then a client that sends nothing holds a connection");
        return usual;
    }
}
