using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads what a service's <c>x-tangram</c> says of balance, slow start, breakers, admission and
/// hedging.</summary>
internal static class TrafficReader
{
    public const string HashForms = "header NAME, cookie NAME, client or path";

    private const string ByHash = "write balance: { hash: client }, or hash: " + HashForms;
    private static readonly TimeSpan LongestWindow = TimeSpan.FromMinutes(10);

    private static readonly (string, BalancePolicy)[] Policies =
    [
        ("peak-ewma", BalancePolicy.PeakEwma), ("least-requests", BalancePolicy.LeastRequests),
        ("round-robin", BalancePolicy.RoundRobin), ("first", BalancePolicy.First),
    ];

    public static (BalancePolicy Policy, TrafficSpec Traffic) Read(Fields tangram)
    {
        var traffic = new TrafficSpec
        {
            SlowStart = tangram.Duration("slow_start", new TrafficSpec().SlowStart),
            Breaker = Breaker(tangram),
            ZoneBlind = !tangram.Flag("zone_aware", true),
            Admission = AdmissionReader.Read(tangram),
            Hedge = HedgeReader.Read(tangram),
        };
        if (tangram["balance"] is not Tree.Map) return (Policy(tangram, "balance"), traffic);
        var fields = tangram.Open("balance", ServiceKeys.Balance);
        var hash = Hash(fields);
        if (fields["hash"] is { } tree && fields["policy"] is not null)
            fields.Problems.Error(tree.Place, "'hash' and 'policy' exclude each other", "delete one of them");
        if (fields["bound"] is { } bound && fields["hash"] is null)
            fields.Problems.Error(bound.Place, "'bound' is for hash", "delete it, or give a hash");
        return (hash is null ? Policy(fields, "policy") : BalancePolicy.Hash,
            traffic with { Hash = hash, Sticky = Token(fields, "sticky", "a cookie") });
    }

    private static BalancePolicy Policy(Fields fields, string key) => fields.Choice(key, BalancePolicy.PeakEwma,
        Policies, ("random", "write least-requests, which chooses the better of two at random"),
        ("power-of-two", "write least-requests, which chooses by power of two"),
        ("least-time", "write peak-ewma"), ("weighted", "write round-robin, which heeds weights"),
        ("hash", ByHash), ("consistent-hash", ByHash), ("ring-hash", ByHash), ("maglev", ByHash),
        ("source-ip", "write balance: { hash: client }"), ("ip-hash", "write balance: { hash: client }"),
        ("sticky", "write balance: { sticky: COOKIE }"));

    private static HashSpec? Hash(Fields fields)
    {
        if (fields.Filled("hash") is not { } text) return null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        HashSpec? hash = words switch
        {
            ["header", var name] when IsToken(name) => new HashSpec(HashSource.Header, name),
            ["cookie", var name] when IsToken(name) => new HashSpec(HashSource.Cookie, name),
            ["client"] => new HashSpec(HashSource.Client, ""),
            ["path"] => new HashSpec(HashSource.Path, ""),
            _ => null,
        };
        if (hash is null)
            fields.Problems.Error(fields.PlaceOf("hash"),
                $"'hash' is {Quoted.Of(text)}, which names no part of a request", $"write {HashForms}");
        var bound = fields.Parsed("bound", Bound, "a share of 100% to 1000%, such as 125%");
        return hash is null ? null : hash with { Bound = bound ?? HashSpec.UsualBound };
    }

    /// <summary>As a percentage or a factor.</summary>
    private static double? Bound(string text)
    {
        var number = text.EndsWith('%') ? Quantities.Number(text[..^1].TrimEnd(' ')) / 100 : Quantities.Number(text);
        return number is >= 1 and <= 10 ? number : null;
    }

    private static BreakerSpec Breaker(Fields tangram)
    {
        if (tangram["breaker"] is Tree.Scalar { Text: "off" }) return new BreakerSpec { Off = true };
        var fields = tangram.Open("breaker", ServiceKeys.Breaker);
        var usual = new BreakerSpec();
        var breaker = usual with
        {
            ErrorRate = fields.Parsed("error_rate", Rate, "a share above 0 and up to 100%") ?? usual.ErrorRate,
            Window = fields.Duration("window", usual.Window, positive: true),
            Minimum = fields.Whole("minimum", usual.Minimum, 1, 1_000_000),
            Open = fields.Duration("open", usual.Open, positive: true),
        };
        if (breaker.Window > LongestWindow)
            fields.Problems.Error(fields.PlaceOf("window"), "'window' is longer than 10m",
                "write less: what failed so long ago says nothing about now");
        return breaker;
    }

    private static double? Rate(string text) => Quantities.Share(text) is > 0 and var share ? share : null;

    private static string? Token(Fields fields, string key, string what)
    {
        if (fields.Filled(key) is not { } text) return null;
        if (IsToken(text)) return text;
        fields.Problems.Error(fields.PlaceOf(key), $"'{key}' is {Quoted.Of(text)}, which is not the name of {what}",
            "write letters, digits, '-', '_' or '.'");
        return null;
    }

    /// <summary>Less than RFC 9110 allows: what nobody has to quote anywhere.</summary>
    private static bool IsToken(string name) =>
        name.Length <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
