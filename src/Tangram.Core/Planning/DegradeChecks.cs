using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What must hold between services that answer for each other.</summary>
internal static class DegradeChecks
{
    /// <param name="idle">The services that are left out, with a profile that would bring each in.</param>
    public static void Check(IReadOnlyList<ServiceDraft> drafts, IReadOnlyDictionary<ServiceName, string> idle,
        ProblemList problems)
    {
        var services = new Dictionary<ServiceName, ServiceDraft>();
        foreach (var draft in drafts) services.TryAdd(draft.Name, draft);
        foreach (var draft in drafts)
        {
            if (draft.Degrade?.To is not { } to) continue;
            if (!services.TryGetValue(to.Value, out var other)) Missing(to, services.Keys, idle, problems);
            else if (!other.Spec.Serves)
                problems.Error(to.Place, $"'to' names '{to.Value}', which takes no requests",
                    $"give '{to.Value}' an x-tangram.probe or expose, or name another service");
            else if (Loops(draft, services))
                problems.Error(to.Place, $"'to' leads from '{draft.Name}' over '{to.Value}' back to '{draft.Name}'",
                    "name a service that stands by itself");
        }
    }

    private static bool Loops(ServiceDraft draft, Dictionary<ServiceName, ServiceDraft> services)
    {
        var (at, steps) = (draft, 0);
        while (at.Degrade?.To is { } to && services.TryGetValue(to.Value, out var next) && steps++ <= services.Count)
        {
            if (next.Name == draft.Name) return true;
            at = next;
        }
        return false;
    }

    private static void Missing(Placed<ServiceName> to, IEnumerable<ServiceName> known,
        IReadOnlyDictionary<ServiceName, string> idle, ProblemList problems)
    {
        if (idle.TryGetValue(to.Value, out var profile))
        {
            problems.Error(to.Place, $"'to' names '{to.Value}', which runs only with a profile that is not active",
                $"write --profile {profile}, or name another service");
            return;
        }
        var meant = NearMiss.Of(to.Value.Value, known.Select(name => name.Value).Take(1000));
        problems.Error(to.Place, $"'to' names '{to.Value}', which is not in the file",
            meant is null ? "name a service of this file, or add it" : $"write '{meant}'");
    }
}
