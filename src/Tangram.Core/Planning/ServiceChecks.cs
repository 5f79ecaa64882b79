using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What must hold between services, apart from ports and dependencies.</summary>
internal static class ServiceChecks
{
    public static void Check(IReadOnlyList<ServiceDraft> drafts, ProblemList problems)
    {
        var variables = new Dictionary<string, ServiceDraft>(StringComparer.Ordinal);
        var routes = new Dictionary<RouteSpec, ServiceDraft>();
        foreach (var draft in drafts)
        {
            var variable = UrlVariable(draft.Name);
            if (!variables.TryAdd(variable, draft))
                problems.Error(draft.Place,
                    $"services '{variables[variable].Name}' and '{draft.Name}' would share the variable {variable}",
                    "rename one of them so that they differ in more than case and punctuation");
            foreach (var (route, place) in draft.Routes)
                if (!routes.TryAdd(route, draft)) TwoRoutes(route, place, routes[route], draft, problems);
        }
    }

    private static void TwoRoutes(
        RouteSpec route, Place place, ServiceDraft first, ServiceDraft second, ProblemList problems)
    {
        var where = $"{route.Host ?? "any host"} with path {Quoted.Of(route.Path)}";
        if (first.Name == second.Name)
            problems.Error(place, $"the route of {where} is given twice", "keep one of them");
        else
            problems.Error(place, $"the route of {where} belongs to '{first.Name}' already",
                "give each service its own");
    }

    private static string UrlVariable(ServiceName name) => "TANGRAM_URL_" + Names.InVariable(name.Value);
}
