using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads routes: <c>x-tangram.route</c> of a service, and those of the gateway.</summary>
internal static class RouteReader
{
    private const int HighestPriority = 1000;

    /// <param name="section">Whose keys they have.</param>
    public static IReadOnlyList<Placed<RouteSpec>> Read(Tree? tree, Section section, ProblemList problems)
    {
        if (tree is null) return [];
        IReadOnlyList<Tree> items = tree is Tree.List list ? list.Items : [tree];
        return [.. items.Select(item => new Placed<RouteSpec>(One(item, section, problems), item.Place))];
    }

    private static RouteSpec One(Tree item, Section section, ProblemList problems)
    {
        var fields = Fields.Open(item, section, item.Place, problems);
        if (item is Tree.Map { Entries.Count: 0 })
            problems.Error(item.Place, "the route has neither host nor path", "write path: / for every request");
        var host = fields.Filled("host") is { } asked ? Host(asked, fields.PlaceOf("host"), problems) : null;
        var exact = fields["path_exact"] is not null;
        if (exact && fields["path"] is not null)
            problems.Error(fields.PlaceOf("path_exact"), "'path' and 'path_exact' exclude each other",
                "delete one of them");
        var key = exact ? "path_exact" : "path";
        var path = Path(fields, key) ?? "/";
        var route = new RouteSpec(host, exact || path.Length == 1 ? path : path.TrimEnd('/'))
        {
            Exact = exact,
            Priority = fields.Whole("priority", 0, 0, HighestPriority),
            When = ConditionReader.Read(fields),
            Treatment = TreatmentReader.Read(fields),
        };
        if (section != RouteKeys.GatewayRoute) return route;
        if (fields["to"] is null && fields["redirect"] is null)
            problems.Error(item.Place, "the route leads nowhere", "write to: SERVICE, or redirect");
        if (fields["to"] is not null && fields["redirect"] is not null)
            problems.Error(fields.PlaceOf("to"), "'to' and 'redirect' exclude each other", "delete one of them");
        return route with { To = Service(fields, "to") };
    }

    /// <summary>Whether there is such a service is checked when all of them are known.</summary>
    public static ServiceName? Service(Fields fields, string key) =>
        fields.Filled(key) is { } text ? Service(text, fields.PlaceOf(key), fields.Problems) : null;

    public static ServiceName? Service(string text, Place place, ProblemList problems)
    {
        if (Names.IsValid(text)) return ServiceName.Of(text);
        problems.Error(place, $"{Quoted.Of(text)} is not a service name", "write the name of a service of this file");
        return null;
    }

    private static string? Host(string text, Place place, ProblemList problems)
    {
        var host = text.ToLowerInvariant();
        if (PortReader.Address(host) is { } address) return address.Contains(':') ? $"[{address}]" : address;
        var below = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        if (host.Length <= 253 && IsName(below)) return host;
        var remedy = host == "*" ? "leave it out: any host is the default"
            : host.Contains('*') ? "a * stands at the beginning only, as in *.shop.local"
            : host.Contains(':') ? "leave out the port: the gateway's listeners decide it"
            : "write a host name such as shop.local";
        problems.Error(place, $"'host' is {Quoted.Of(text)}, which is not a host name", remedy);
        return null;
    }

    public static bool IsName(string host) => host.Split('.').All(label => label.Length is >= 1 and <= 63
        && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));

    /// <summary>Null when there is none, or it is none.</summary>
    public static string? Path(Fields fields, string key)
    {
        if (fields.Filled(key) is not { } text) return null;
        var remedy = !text.StartsWith('/') ? $"write {Quoted.Of("/" + text)}"
            : text.Any(c => c is '?' or '#') ? "leave out what follows the path"
            : text.Contains('*') ? "leave out the *: what lies below the path belongs to it"
            : text.Any(c => c is <= ' ' or > '~' or '%' or '\\' or '{' or '}')
                ? "use plain ASCII letters, digits and /-._~"
            : text.Split('/').Skip(1).SkipLast(1).Any(part => part is "" or "." or "..")
                || text.Split('/')[^1] is "." or ".." ? "leave out empty, . and .. parts"
            : null;
        if (remedy is null) return text;
        fields.Problems.Error(fields.PlaceOf(key), $"'{key}' is {Quoted.Of(text)}, which is not the path of a route",
            remedy);
        return null;
    }

    /// <summary>One value, or a list of at least one.</summary>
    public static IReadOnlyList<Tree> OneOrMany(Fields fields, string key)
    {
        if (fields[key] is not { } tree) return [];
        if (tree is not Tree.List list) return [tree];
        if (list.Items.Count == 0)
            fields.Problems.Error(tree.Place, $"'{key}' is an empty list", "give it a value, or delete it");
        return list.Items;
    }
}
