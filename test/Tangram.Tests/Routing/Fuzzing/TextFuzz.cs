using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Rules;
using Tangram.Tests.Routing.Rules;

namespace Tangram.Tests.Routing.Fuzzing;

/// <summary>Cookies, queries and what rules ask of them, against readers that take everything apart first.</summary>
internal static class TextFuzz
{
    private const string Key = "0123456789abcdef";
    private static readonly string[] Names = ["a", "b", "sid", ""];

    public static string? Cookies(Rng rng)
    {
        var header = GatewayFuzzer.Some(rng, 16, ";", "=", " ", "\t", "a", "b", "sid", "\"", ",", "; ", "a=b", "%3b");
        var read = new List<(string, string)>();
        for (var pairs = Pairs.OfCookies(header); pairs.Next();) read.Add((pairs.Name.ToString(),
            pairs.Value.ToString()));
        return read.SequenceEqual(PlainCookies(header)) ? null : $"'{header}' is {string.Join(' ', read)}";
    }

    private static IEnumerable<(string, string)> PlainCookies(string header) =>
        from part in header.Split(';')
        let at = part.IndexOf('=')
        where at >= 0
        select (part[..at].Trim(' ', '\t'), part[(at + 1)..].Trim(' ', '\t'));

    public static string? Query(Rng rng)
    {
        var query = GatewayFuzzer.Some(rng, 16, "&", "=", "+", "%20", "%", "%4", "%zz", "a", "b", "a=b", "%C3%A9",
            "%00");
        var read = new List<(string, string)>();
        for (var pairs = Pairs.OfQuery(query); pairs.Next();)
            read.Add((Pairs.Decoded(pairs.Name).ToString(), Pairs.Decoded(pairs.Value).ToString()));
        var plain = from part in query.Split('&')
                    where part.Length > 0
                    let at = part.IndexOf('=')
                    select (Decoded(at < 0 ? part : part[..at]), at < 0 ? "" : Decoded(part[(at + 1)..]));
        return read.SequenceEqual(plain) ? null : $"'{query}' is {string.Join(' ', read)}";
    }

    private static string Decoded(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    /// <summary>None but the very values that were given out find a backend.</summary>
    public static string? Sticky(Rng rng)
    {
        var service = Routed.Service(5);
        var cookies = StickyCookies.Of("at", Key, service.Backends, null);
        var known = service.Backends.Select(backend => cookies.ValueOf(backend)!).ToList();
        var value = known[rng.Next(known.Count)];
        if (rng.Next(2) == 0) value = GatewayFuzzer.Some(rng, 8, value, ".", "order-1",
            value[..rng.Next(value.Length)]);
        var header = GatewayFuzzer.Some(rng, 3, "a=b; ", "at=x; ", ";") + $"at={value}";
        var found = new List<Backend?>();
        for (var pairs = Pairs.OfCookies(header); pairs.Next();)
            if (pairs.Name.SequenceEqual("at")) found.Add(cookies.Find(pairs.Value));
        var expected = PlainCookies(header).Where(pair => pair.Item1 == "at").Select(pair =>
            known.IndexOf(pair.Item2) is >= 0 and var at ? service.Backends[at] : null);
        return found.SequenceEqual(expected)
            ? null
            : $"'{header}' finds {string.Join(' ', found.Select(backend => backend?.Replica.Value))}";
    }

    public static string? Condition(Rng rng)
    {
        string[] patterns = ["^a", "b$", "[0-9]{2,3}", "a|sid", "^$", "(ab)*c", ".", "\\d+"];
        var test = (ValueTest)rng.Next(5);
        var spec = new ValueConditionSpec((ValueSource)rng.Next(3), Names[rng.Next(3)], test, test switch
        {
            ValueTest.Regex => patterns[rng.Next(patterns.Length)],
            ValueTest.Present or ValueTest.Absent => "",
            _ => GatewayFuzzer.Some(rng, 2, "a", "b", "1", "sid"),
        });
        string Text() => GatewayFuzzer.Some(rng, 8, "a", "b", "12", "sid", "=", spec.Source == ValueSource.Query ? "&"
            : ";");
        string[] values = [.. Enumerable.Range(0, rng.Next(3)).Select(_ => Text())];
        var request = new PlainRequest("x", "/")
        {
            QueryText = values.FirstOrDefault() ?? "",
            Headers = [.. values.Select(value => (spec.Source == ValueSource.Cookie ? "Cookie" : spec.Name, value))],
        };
        var all = spec.Source switch
        {
            ValueSource.Header => values,
            ValueSource.Cookie => values.SelectMany(PlainCookies).Where(p => p.Item1 == spec.Name).Select(p => p.Item2),
            _ => from part in request.QueryText.Split('&')
                 where part.Length > 0
                 let at = part.IndexOf('=')
                 where Decoded(at < 0 ? part : part[..at]) == spec.Name
                 select at < 0 ? "" : Decoded(part[(at + 1)..]),
        };
        var holds = all.Any(value => test switch
        {
            ValueTest.Exact => value == spec.Value,
            ValueTest.Prefix => value.StartsWith(spec.Value, StringComparison.Ordinal),
            ValueTest.Regex => Regex.IsMatch(value, spec.Value, RegexOptions.CultureInvariant),
            _ => true,
        }) != (test == ValueTest.Absent);
        return new ValueCondition(spec).Holds(request) == holds
            ? null : $"{spec} of {string.Join(" and ", values)} should be {holds}";
    }
}
