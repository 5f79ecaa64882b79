using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads what becomes of a route's requests.</summary>
internal static class TreatmentReader
{
    public const int MostRequests = 1_000_000;
    private const int UsualBody = 64 * 1024;

    /// <summary>Copies wait in memory.</summary>
    private const int LargestBody = 1024 * 1024;

    /// <summary>Null when the service gets them as they come.</summary>
    public static TreatmentSpec? Read(Fields fields)
    {
        var treatment = new TreatmentSpec
        {
            Redirect = Redirect(fields),
            Rewrite = RouteReader.Path(fields, "rewrite"),
            Split = Split(fields),
            RequestHeaders = Headers(fields, "request_headers"),
            ResponseHeaders = Headers(fields, "response_headers"),
            RateLimit = RateLimit(fields),
            Mirror = Mirror(fields),
            Timeout = fields.DurationOrNull("timeout", positive: true),
            PriorityClass = fields.Choice<PriorityClass?>("priority_class", null,
                [("high", PriorityClass.High), ("normal", PriorityClass.Normal), ("low", PriorityClass.Low)]),
        };
        if (fields["redirect"] is not null)
            foreach (var key in new[] { "rewrite", "split", "request_headers", "mirror", "timeout", "priority_class" })
                if (fields[key] is not null)
                    fields.Problems.Error(fields.PlaceOf(key), $"'{key}' and 'redirect' exclude each other",
                        "delete one of them: what is redirected reaches no service");
        return treatment == new TreatmentSpec() ? null : treatment;
    }

    private static RedirectSpec? Redirect(Fields fields)
    {
        if (fields["redirect"] is null) return null;
        var redirect = fields.Open("redirect", RouteKeys.Redirect);
        if (!redirect.IsMap) return null;
        var scheme = redirect.Choice<string?>("scheme", null, [("http", "http"), ("https", "https")]);
        var host = redirect.Filled("host");
        if (host is not null && !IsAuthority(host))
        {
            fields.Problems.Error(redirect.PlaceOf("host"), $"'host' is {Quoted.Of(host)}, which is no place to go",
                "write HOST or HOST:PORT");
            host = null;
        }
        if (redirect["scheme"] is null && redirect["host"] is null && redirect["path"] is null)
            fields.Problems.Error(redirect.Place, "the redirect leads back to where it came from",
                "write scheme, host or path");
        return new RedirectSpec(
            redirect.Choice("status", 307, [("301", 301), ("302", 302), ("303", 303), ("307", 307), ("308", 308)]),
            scheme, host?.ToLowerInvariant(), RouteReader.Path(redirect, "path"));
    }

    private static bool IsAuthority(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > text.LastIndexOf(']') ? text[..colon] : text;
        var port = colon > text.LastIndexOf(']') ? text[(colon + 1)..] : "80";
        return port.Length is > 0 and <= 5 && port.All(char.IsAsciiDigit)
            && (RouteReader.IsName(host) || (host.StartsWith('[') && PortReader.Address(host) is not null));
    }

    private static SplitSpec? Split(Fields fields)
    {
        if (fields["split"] is null) return null;
        var split = fields.Open("split", RouteKeys.Split);
        if (!split.IsMap) return null;
        var shares = new List<SplitShare>();
        if (split["to"] is Tree.Map map)
        {
            foreach (var entry in map.Entries)
                if (RouteReader.Service(entry.Key.Text, entry.Key.Place, fields.Problems) is { } service
                    && Scalars.Parsed(entry.Value, entry.Key.Text, Share, Wanted, fields.Problems) is { } share)
                    shares.Add(new SplitShare(service, share));
        }
        else if (split["to"] is { } other and not Tree.Refused)
        {
            fields.Problems.Error(other.Place, $"'to' takes a map and is {other.Kind}",
                "write a map from service to share, such as to: { order-next: 5% }");
        }
        if (split.Parsed("newest", Share, Wanted) is { } newest) shares.Add(new SplitShare(null, newest));
        if (split["to"] is null && split["newest"] is null)
            fields.Problems.Error(split.Place, "the split names no share", "write to: { SERVICE: 5% }, or newest: 5%");
        if (shares.Sum(share => share.Share) > 1.0000001)
            fields.Problems.Error(split.Place, "the shares of the split are more than 100% together",
                "leave a rest for the route's own service, or none at all");
        return new SplitSpec(By(split, "random"), shares.ToEquatableArray());
    }

    private const string Wanted = "a share above 0 and up to 100%, such as 5%";

    private static double? Share(string text) => Quantities.Share(text) is > 0 and <= 1 and var share ? share : null;

    /// <param name="none">The word for no key at all.</param>
    private static KeySpec By(Fields fields, string none)
    {
        var client = new KeySpec(KeySource.Client, null);
        if (fields["by"] is not Tree.Map map)
            return fields.Choice("by", client, [("client", client), (none, new KeySpec(KeySource.None, null))],
                ("header", "write by: { header: NAME }"), ("cookie", "write by: { cookie: NAME }"),
                ("user", "write by: { cookie: NAME } or { header: NAME }, whichever tells your users apart"),
                ("ip", "write client"));
        var key = fields.Open("by", RouteKeys.Key);
        if (map.Entries.Count != 1)
        {
            fields.Problems.Error(map.Place, $"'by' has {map.Entries.Count} keys", "write header or cookie");
            return client;
        }
        foreach (var (word, source) in new[] { ("header", KeySource.Header), ("cookie", KeySource.Cookie) })
        {
            if (key.Filled(word) is not { } name) continue;
            if (HeaderRules.IsToken(name))
                return new KeySpec(source, source == KeySource.Header ? name.ToLowerInvariant() : name);
            fields.Problems.Error(key.PlaceOf(word), $"{Quoted.Of(name)} is not the name of a {word}",
                "write letters, digits and !#$%&'*+-.^_`|~");
        }
        return client;
    }

    private static RateLimitSpec? RateLimit(Fields fields)
    {
        if (fields["rate_limit"] is null) return null;
        var limit = fields.Open("rate_limit", RouteKeys.RateLimit);
        if (!limit.IsMap) return null;
        if (limit["requests"] is null)
            fields.Problems.Error(limit.Place, "the rate limit does not say how many requests",
                "write requests: 100, and per: 1s");
        var requests = limit.Whole("requests", 1, 1, MostRequests);
        var per = limit.Duration("per", TimeSpan.FromSeconds(1), positive: true);
        if (requests / per.TotalSeconds > MostRequests)
            fields.Problems.Error(limit.PlaceOf("per"), "the rate limit lets more than a million a second through",
                "delete it: no gateway gets that many");
        return new RateLimitSpec(requests, per, limit.Whole("burst", requests, 1, MostRequests), By(limit, "route"));
    }

    private static MirrorSpec? Mirror(Fields fields)
    {
        if (fields["mirror"] is null) return null;
        var mirror = fields.Open("mirror", RouteKeys.Mirror);
        if (!mirror.IsMap) return null;
        if (mirror["to"] is null)
            fields.Problems.Error(mirror.Place, "the mirror does not say where to", "write to: SERVICE");
        var to = RouteReader.Service(mirror, "to");
        var share = mirror.Parsed("share", Share, Wanted) ?? 1;
        var body = mirror.Parsed<long>("body",
            text => Quantities.Bytes(text) is <= LargestBody and var bytes ? bytes : null,
            "a size from 0 to 1M, such as 64k") ?? UsualBody;
        return to is null ? null : new MirrorSpec(to.Value, share, (int)body);
    }

    private static EquatableArray<HeaderChange> Headers(Fields fields, string key)
    {
        if (fields[key] is null) return [];
        var changes = new List<HeaderChange>();
        var headers = fields.Open(key, RouteKeys.Headers);
        foreach (var (word, verb) in new[] { ("set", HeaderVerb.Set), ("add", HeaderVerb.Add) })
            if (headers[word] is Tree.Map map)
                changes.AddRange(from entry in map.Entries
                                 let change = Change(verb, entry, fields.Problems)
                                 where change is not null
                                 select change);
            else if (headers[word] is { } other and not Tree.Refused)
                fields.Problems.Error(other.Place, $"'{word}' takes a map and is {other.Kind}",
                    $"write a map from name to value, such as {word}: {{ X-Team: shop }}");
        foreach (var item in RouteReader.OneOrMany(headers, "remove"))
            if (Scalars.Filled(item, "remove", fields.Problems) is { } name && Named(name, item.Place, fields.Problems))
                changes.Add(new HeaderChange(HeaderVerb.Remove, name, null));
        if (headers.IsMap && changes.Count == 0 && fields[key] is Tree.Map { Entries.Count: 0 })
            fields.Problems.Error(headers.Place, $"'{key}' changes nothing", "write set, add or remove, or delete it");
        return changes.ToEquatableArray();
    }

    private static HeaderChange? Change(HeaderVerb verb, Tree.Entry entry, ProblemList problems)
    {
        if (!Named(entry.Key.Text, entry.Key.Place, problems)) return null;
        if (Scalars.Text(entry.Value, entry.Key.Text, problems) is not { } value) return null;
        if (HeaderRules.IsValue(value)) return new HeaderChange(verb, entry.Key.Text, value);
        problems.Error(entry.Value.Place, $"{Quoted.Of(value)} cannot stand in a header",
            "write one line of at most 4096 Latin characters, without spaces around it");
        return null;
    }

    private static bool Named(string name, Place place, ProblemList problems)
    {
        if (!HeaderRules.IsToken(name))
            problems.Error(place, $"{Quoted.Of(name)} is not the name of a header",
                "write letters, digits and !#$%&'*+-.^_`|~");
        else if (HeaderRules.BelongsToConnection(name))
            problems.Error(place, $"the header {Quoted.Of(name)} belongs to each connection or to the body",
                "delete it: the gateway takes care of it");
        else
            return true;
        return false;
    }
}
