using System.Net;
using System.Net.Sockets;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads what a route asks of requests beside host and path.</summary>
internal static class ConditionReader
{
    private static readonly string[] KnownMethods =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "REPORT"];

    /// <summary>Null when it asks nothing.</summary>
    public static ConditionsSpec? Read(Fields fields)
    {
        var conditions = new ConditionsSpec
        {
            Scheme = fields.Choice<string?>("scheme", null, [("http", "http"), ("https", "https")],
                ("ws", "write http: a WebSocket begins as an HTTP request"),
                ("wss", "write https: a WebSocket begins as an HTTP request")),
            Methods = Texts(fields, "method").Select(t => Method(t.Text, t.Place, fields.Problems)).OfType<string>()
                .Distinct().Order(StringComparer.Ordinal).ToEquatableArray(),
            PathRegex = Pattern(fields, "path_regex"),
            Values = Values(fields, "header", ValueSource.Header)
                .Concat(Values(fields, "cookie", ValueSource.Cookie))
                .Concat(Values(fields, "query", ValueSource.Query))
                .OrderBy(v => v.Source).ThenBy(v => v.Name, StringComparer.Ordinal).ToEquatableArray(),
            Clients = Networks(fields, "client"),
            Devices = Words(fields, "device",
                [("desktop", DeviceClass.Desktop), ("mobile", DeviceClass.Mobile), ("tablet", DeviceClass.Tablet),
                    ("bot", DeviceClass.Bot)]),
            Types = Words(fields, "type",
                [("api", RequestType.Api), ("page", RequestType.Page), ("asset", RequestType.Asset),
                    ("upload", RequestType.Upload), ("websocket", RequestType.WebSocket), ("grpc", RequestType.Grpc)]),
        };
        return conditions == new ConditionsSpec() ? null : conditions;
    }

    /// <summary>CIDR blocks in their usual form; an address alone is a block of one.</summary>
    public static EquatableArray<string> Networks(Fields fields, string key) => Texts(fields, key)
        .Select(t => Network(t.Text, key, t.Place, fields.Problems)).OfType<string>()
        .Distinct().Order(StringComparer.Ordinal).ToEquatableArray();

    private static string? Network(string text, string key, Place place, ProblemList problems)
    {
        var cut = text.IndexOf('/');
        var length = 0;
        var known = PortReader.Address(cut < 0 ? text : text[..cut]) is { } host && !text.StartsWith('[')
            ? IPAddress.Parse(host)
            : null;
        var bits = known?.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;
        if (known is not null && (cut < 0 || Length(text[(cut + 1)..], bits, out length)))
        {
            var (first, prefix) = cut < 0 ? (known, bits) : (First(known, length), length);
            if (first.Equals(known)) return $"{first}/{prefix}";
            problems.Error(place, $"'{key}' has {Quoted.Of(text)}, which does not begin its network",
                $"write {first}/{prefix}, or {known}/{bits} for the one address");
            return null;
        }
        problems.Error(place, $"'{key}' has {Quoted.Of(text)}, which is not a network",
            "write one such as 10.0.0.0/8 or 2001:db8::/32, or an address");
        return null;
    }

    private static bool Length(string text, int most, out int length) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, null, out length) && length <= most;

    private static IPAddress First(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF << Math.Clamp(8 * (i + 1) - length, 0, 8));
        return new IPAddress(bytes);
    }

    private static string? Method(string text, Place place, ProblemList problems)
    {
        var method = text.ToUpperInvariant();
        if (KnownMethods.Contains(method)) return method;
        var meant = NearMiss.Of(method, KnownMethods.Select(m => m.ToLowerInvariant()))?.ToUpperInvariant();
        if (meant is null && method.Length <= 40 && method.All(c => char.IsAsciiLetterUpper(c) || c == '-'))
            return method;
        problems.Error(place, $"'method' has {Quoted.Of(text)}, which is not a method",
            meant is null ? "write one such as GET or POST" : $"write {meant}");
        return null;
    }

    private static EquatableArray<T> Words<T>(Fields fields, string key, (string Word, T Value)[] choices)
    {
        var found = new SortedSet<T>();
        foreach (var (text, place) in Texts(fields, key))
        {
            var known = choices.Where(choice => choice.Word == text).ToList();
            if (known.Count > 0)
            {
                found.Add(known[0].Value);
                continue;
            }
            var words = choices.Select(choice => choice.Word).ToList();
            fields.Problems.Error(place, $"'{key}' has {Quoted.Of(text)}, which is not honoured",
                $"write {NearMiss.Of(text, words) ?? string.Join(" or ", words)}");
        }
        return found.ToEquatableArray();
    }

    private static IEnumerable<(string Text, Place Place)> Texts(Fields fields, string key)
    {
        foreach (var item in RouteReader.OneOrMany(fields, key))
            if (Scalars.Filled(item, key, fields.Problems) is { } text) yield return (text, item.Place);
    }

    private static List<ValueConditionSpec> Values(Fields fields, string key, ValueSource source)
    {
        var values = new List<ValueConditionSpec>();
        if (fields[key] is not { } tree) return values;
        if (tree is not Tree.Map map)
        {
            if (tree is not Tree.Refused)
                fields.Problems.Error(tree.Place, $"'{key}' takes a map and is {tree.Kind}",
                    $"write a map from name to value, such as {key}: {{ beta: \"1\" }}");
            return values;
        }
        foreach (var entry in map.Entries)
            if (Name(entry.Key, source, fields.Problems) is { } name
                && Value(entry, name, source, fields.Problems) is { } value) values.Add(value);
        return values;
    }

    private static string? Name(Tree.Scalar key, ValueSource source, ProblemList problems)
    {
        if (source == ValueSource.Query && key.Text.Length is > 0 and <= 200) return key.Text;
        if (HeaderRules.IsToken(key.Text)) return source == ValueSource.Header ? key.Text.ToLowerInvariant() : key.Text;
        problems.Error(key.Place, $"{Quoted.Of(key.Text)} is not the name of a {source.ToString().ToLowerInvariant()}",
            "write letters, digits and !#$%&'*+-.^_`|~");
        return null;
    }

    private static ValueConditionSpec? Value(Tree.Entry entry, string name, ValueSource source, ProblemList problems)
    {
        if (entry.Value is not Tree.Map map)
            return Scalars.Filled(entry.Value, name, problems) is { } whole
                ? new ValueConditionSpec(source, name, ValueTest.Exact, whole)
                : null;
        var tests = Fields.Open(map, RouteKeys.Value, map.Place, problems);
        if (map.Entries.Count != 1)
        {
            problems.Error(map.Place, $"the condition on {Quoted.Of(name)} has {map.Entries.Count} tests",
                "write one of exact, prefix, regex and present");
            return null;
        }
        if (tests["present"] is not null)
            return new ValueConditionSpec(source, name,
                tests.Flag("present", true) ? ValueTest.Present : ValueTest.Absent, "");
        if (tests["regex"] is not null)
            return Pattern(tests, "regex") is { } pattern
                ? new ValueConditionSpec(source, name, ValueTest.Regex, pattern)
                : null;
        if (tests.Filled("exact") is { } exact) return new ValueConditionSpec(source, name, ValueTest.Exact, exact);
        return tests.Filled("prefix") is { } prefix
            ? new ValueConditionSpec(source, name, ValueTest.Prefix, prefix)
            : null;
    }

    private static string? Pattern(Fields fields, string key)
    {
        if (fields.Filled(key) is not { } pattern) return null;
        if (BoundedPattern.TryMake(pattern, out var wrong) is not null) return pattern;
        fields.Problems.Error(fields.PlaceOf(key), $"'{key}' is {Quoted.Of(pattern)}, {wrong}",
            "write a shorter or simpler expression, such as ^/v[0-9]+/");
        return null;
    }
}
