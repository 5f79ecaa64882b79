using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What must hold between routes: no two ask for the same, and they lead to services that take
/// requests.</summary>
internal static class RouteChecks
{
    /// <param name="idle">The services that are left out, with a profile that would bring each in.</param>
    public static void Check(IReadOnlyList<ServiceDraft> drafts, IReadOnlyList<Placed<RouteSpec>> ofGateway,
        IReadOnlyDictionary<ServiceName, string> idle, ProblemList problems)
    {
        var services = new Dictionary<ServiceName, ServiceSpec>();
        foreach (var draft in drafts) services.TryAdd(draft.Name, draft.Spec);
        var known = new Dictionary<RouteSpec, (ServiceName? Owner, Place Place)>();
        var all = ofGateway.Select(route => (Owner: (ServiceName?)null, route.Value, route.Place))
            .Concat(drafts.SelectMany(d => d.Routes.Select(r => (Owner: (ServiceName?)d.Name, r.Value, r.Place))));
        foreach (var (owner, route, place) in all)
        {
            if (!known.TryAdd(route.Match, (owner, place))) Twice(route, owner, place, known[route.Match], problems);
            foreach (var target in Targets(route)) Reaches(target, place, services, idle, problems);
        }
    }

    private static IEnumerable<ServiceName> Targets(RouteSpec route)
    {
        if (route.To is { } to) yield return to;
        if (route.Treatment is not { } treatment) yield break;
        foreach (var share in treatment.Split?.Shares ?? [])
            if (share.To is { } part) yield return part;
        if (treatment.Mirror is { } mirror) yield return mirror.To;
    }

    private static void Twice(RouteSpec route, ServiceName? owner, Place place,
        (ServiceName? Owner, Place Place) first, ProblemList problems)
    {
        var where = $"{route.Host ?? "any host"} with path {Quoted.Of(route.Path)}" +
            (route.When is null ? "" : " and the same conditions");
        if (first.Owner == owner)
            problems.Error(place, $"the route of {where} is given twice, first at {first.Place}", "keep one of them");
        else
            problems.Error(place, first.Owner is { } other
                    ? $"the route of {where} belongs to '{other}' already, at {first.Place}"
                    : $"the route of {where} belongs to the gateway already, at {first.Place}",
                "give each its own");
    }

    private static void Reaches(ServiceName target, Place place, Dictionary<ServiceName, ServiceSpec> services,
        IReadOnlyDictionary<ServiceName, string> idle, ProblemList problems)
    {
        if (services.TryGetValue(target, out var service))
        {
            if (!service.Serves)
                problems.Error(place, $"the route leads to '{target}', which takes no requests",
                    service.IsJob ? "name a service that is no job" : $"give '{target}' an x-tangram.probe or expose");
            return;
        }
        if (idle.TryGetValue(target, out var profile))
        {
            problems.Error(place, $"the route leads to '{target}', which runs only with a profile that is not active",
                $"write --profile {profile}, or lead it elsewhere");
            return;
        }
        var meant = NearMiss.Of(target.Value, services.Keys.Select(name => name.Value).Take(1000));
        problems.Error(place, $"the route leads to '{target}', which is not in the file",
            meant is null ? "name a service of this file, or add it" : $"write '{meant}'");
    }
}
