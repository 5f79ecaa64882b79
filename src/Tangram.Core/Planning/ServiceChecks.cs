using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What must hold between services, apart from ports, routes and dependencies.</summary>
internal static class ServiceChecks
{
    public static void Check(IReadOnlyList<ServiceDraft> drafts, ProblemList problems)
    {
        var variables = new Dictionary<string, ServiceDraft>(StringComparer.Ordinal);
        foreach (var draft in drafts)
        {
            var variable = UrlVariable(draft.Name);
            if (!variables.TryAdd(variable, draft))
                problems.Error(draft.Place,
                    $"services '{variables[variable].Name}' and '{draft.Name}' would share the variable {variable}",
                    "rename one of them so that they differ in more than case and punctuation");
        }
    }

    private static string UrlVariable(ServiceName name) => "TANGRAM_URL_" + Names.InVariable(name.Value);
}
