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

    /// <summary>Twice what the planner is measured with.</summary>
    public const long MostReplicas = 200_000;

    /// <summary>What all services ask for together has an end as well: a plan names every replica.</summary>
    public static void Count(IReadOnlyList<ServiceDraft> drafts, ClusterSpec spec, ProblemList problems)
    {
        var (nodes, together) = ((long)spec.Zones.Count * spec.NodesPerZone, 0L);
        foreach (var draft in drafts)
        {
            var deploy = draft.Spec.Deploy;
            together += deploy.Mode == DeployMode.Global ? nodes : deploy.Replicas;
            if (together <= MostReplicas) continue;
            problems.Error(draft.ReplicasPlace, $"with this service there are more than {MostReplicas} replicas",
                "lower replicas, or split the cluster into several");
            return;
        }
    }

    private static string UrlVariable(ServiceName name) => "TANGRAM_URL_" + Names.InVariable(name.Value);
}
