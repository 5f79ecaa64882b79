using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Every dependency exists, can come true, and leads to no circle.</summary>
internal static class DependencyChecks
{
    /// <param name="idle">The services that are left out, with a profile that would bring each in.</param>
    public static void Check(
        IReadOnlyList<ServiceDraft> drafts, IReadOnlyDictionary<ServiceName, string> idle, ProblemList problems)
    {
        var byName = new Dictionary<ServiceName, ServiceDraft>();
        foreach (var draft in drafts) byName.TryAdd(draft.Name, draft);
        foreach (var draft in drafts)
            foreach (var (dependency, place) in draft.Dependencies)
                if (byName.TryGetValue(dependency.Service, out var target))
                    CanComeTrue(dependency, target, place, problems);
                else if (dependency.Required && idle.TryGetValue(dependency.Service, out var profile))
                    problems.Error(place,
                        $"the service '{dependency.Service}' runs only with a profile that is not active",
                        $"write --profile {Quoted.Plain(profile)}, or make the dependency required: false");
                else
                    Absent(dependency, place, byName.Keys, problems);
        Circles(drafts, byName, problems);
    }

    /// <summary>Leaves out optional dependencies on services that the file does not have.</summary>
    public static ClusterSpec WithoutAbsent(ClusterSpec spec)
    {
        var names = spec.Services.Select(service => service.Name).ToHashSet();
        bool Present(DependencySpec dependency) => names.Contains(dependency.Service);
        return spec.Services.All(service => service.DependsOn.All(Present)) ? spec : spec with
        {
            Services = spec.Services.Select(service => service with
            {
                DependsOn = service.DependsOn.Where(Present).ToEquatableArray(),
            }).ToEquatableArray(),
        };
    }

    private static void Absent(
        DependencySpec dependency, Place place, IEnumerable<ServiceName> names, ProblemList problems)
    {
        if (!dependency.Required)
        {
            problems.Warn(place,
                $"the optional dependency '{dependency.Service}' is not in the file, and is passed over",
                "delete it, or add the service");
            return;
        }
        var meant = NearMiss.Of(dependency.Service.Value, names.Select(name => name.Value), problems);
        problems.Error(place, $"the service '{dependency.Service}' is not in the file",
            meant is null ? "name a service of this file, or add it" : $"write '{meant}'");
    }

    private static void CanComeTrue(DependencySpec dependency, ServiceDraft target, Place place, ProblemList problems)
    {
        var spec = target.Spec;
        if (dependency.Condition == DependencyCondition.Healthy && !target.Checked)
            problems.Error(place, $"'{target.Name}' can never be healthy: it has neither probe nor healthcheck",
                $"give '{target.Name}' an x-tangram.probe or a healthcheck, or wait for service_started");
        if (spec.Schedule is not null)
            problems.Error(place, $"'{target.Name}' runs by its schedule, and nobody can wait for it",
                "delete the dependency, or the schedule");
        else if (dependency.Condition == DependencyCondition.CompletedSuccessfully
            && spec.Deploy.Restart.Condition == RestartCondition.Any)
            problems.Error(place, $"'{target.Name}' can never complete: it is started again whenever it ends",
                $"give '{target.Name}' deploy.restart_policy.condition: on-failure");
    }

    /// <summary>Takes away, again and again, what depends on nothing that is left (Kahn, 1962). Every service that
    /// remains leads into a circle; each circle that is met first is named.</summary>
    private static void Circles(
        IReadOnlyList<ServiceDraft> drafts, Dictionary<ServiceName, ServiceDraft> byName, ProblemList problems)
    {
        var open = new Dictionary<ServiceName, int>();
        var dependents = new Dictionary<ServiceName, List<ServiceName>>();
        foreach (var draft in byName.Values)
        {
            var known = draft.Spec.DependsOn.Where(d => byName.ContainsKey(d.Service)).ToList();
            open[draft.Name] = known.Count;
            foreach (var dependency in known)
                if (dependents.TryGetValue(dependency.Service, out var list)) list.Add(draft.Name);
                else dependents[dependency.Service] = [draft.Name];
        }
        var free = new Queue<ServiceName>(open.Where(pair => pair.Value == 0).Select(pair => pair.Key));
        while (free.TryDequeue(out var name))
        {
            open.Remove(name);
            foreach (var dependent in dependents.GetValueOrDefault(name) ?? [])
                if (--open[dependent] == 0) free.Enqueue(dependent);
        }
        var walked = new HashSet<ServiceName>();
        foreach (var draft in drafts)
            if (open.ContainsKey(draft.Name) && !walked.Contains(draft.Name))
                Walk(draft, byName, open, walked, problems);
    }

    private static void Walk(
        ServiceDraft start, Dictionary<ServiceName, ServiceDraft> byName, Dictionary<ServiceName, int> open,
        HashSet<ServiceName> walked, ProblemList problems)
    {
        var path = new List<Placed<DependencySpec>>();
        var names = new List<ServiceName>();
        for (var at = start; walked.Add(at.Name);)
        {
            var next = at.Dependencies.First(dependency => open.ContainsKey(dependency.Value.Service));
            names.Add(at.Name);
            path.Add(next);
            at = byName[next.Value.Service];
        }
        var first = names.IndexOf(path[^1].Value.Service);
        if (first < 0) return;
        var circle = names.Skip(first).Append(names[first]).Select(name => name.Value);
        problems.Error(path[first].Place, $"these services wait for each other: {Quoted.Chain(circle)}",
            "remove one of these dependencies");
    }
}
