using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What is allowed and weak: each of these costs availability sooner or later.</summary>
internal static class DesignWarnings
{
    public static void Add(
        IReadOnlyList<ServiceDraft> drafts, bool oneZone, Place zonesPlace, ProblemList problems)
    {
        if (oneZone)
            problems.Warn(zonesPlace, "there is one zone, and the cluster is lost with it",
                "name two or more under x-tangram.zones, such as [a, b, c]");
        foreach (var draft in drafts)
        {
            var spec = draft.Spec;
            if (spec is { Routes.Count: > 0, Singleton: false, Deploy: { Mode: DeployMode.Replicated, Replicas: < 2 } })
                problems.Warn(draft.ReplicasPlace,
                    $"'{draft.Name}' takes requests and has {(spec.Deploy.Replicas == 0 ? "no" : "one")} replica",
                    "write deploy.replicas: 2 or more, so that one can be lost or replaced");
            if (spec.Serves && !draft.Checked)
                problems.Warn(draft.TangramPlace,
                    $"'{draft.Name}' has no probe, and gets requests before it can answer them",
                    "write x-tangram.probe: http:/PATH, or tcp");
            if (!draft.AsksFiles)
                problems.Warn(draft.TangramPlace,
                    $"'{draft.Name}' has no files, and a rollback cannot bring its old code back",
                    "write x-tangram.files: DIR, the folder with the program");
        }
    }
}
