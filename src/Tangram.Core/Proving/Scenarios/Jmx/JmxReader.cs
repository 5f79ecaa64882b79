using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>Reads a JMeter test plan. What is not known here is listed with its place.</summary>
public static class JmxReader
{
    /// <summary>They only look at results, which are told here anyway.</summary>
    private static readonly HashSet<string> Listeners = new(StringComparer.Ordinal)
    {
        "ResultCollector", "Summariser", "BackendListener", "DebugSampler", "DebugPostProcessor",
    };

    /// <summary>Null when there are errors.</summary>
    /// <param name="target">Instead of every host that the plan names.</param>
    /// <param name="profile">Instead of every thread group's.</param>
    /// <param name="notes">Takes what the user may want to know of a plan that was read.</param>
    public static Scenario? Read(string text, string file, ProblemList problems, JmxOptions options, List<string> notes)
    {
        if (JmxElement.Read(text, file, problems.Error) is not { } top) return null;
        var plan = new JmxPlan(problems, options.IgnoresUnsupported, options.Properties);
        var groups = new List<UserGroup>();
        var testPlan = top.FirstOrDefault(element => element.Kind == "TestPlan");
        if (testPlan is null)
        {
            problems.Error(top.Count > 0 ? top[0].Place : new Place(file, 1, 1), "there is no TestPlan",
                "save the plan again in JMeter");
            return null;
        }
        foreach (var other in top.Where(e => e != testPlan && e.Enabled)) plan.Unsupported(other.Place, other.Shown);
        if (testPlan.Inner("TestPlan.user_defined_variables") is { } variables)
            foreach (var (name, value) in JmxScope.Texts(variables, "Arguments.arguments", "Argument"))
                plan.Define(name, value, variables.Place);
        if (testPlan.Flag("TestPlan.serialize_threadgroups"))
            plan.Unsupported(testPlan.Place, "thread groups one after the other (serialize_threadgroups)");
        testPlan.Flag("TestPlan.functional_mode");
        plan.Unread(testPlan);
        Groups(testPlan, plan, options, groups);
        foreach (var defaults in plan.Defaults)
        {
            JmxSampler.Know(defaults);
            plan.Unread(defaults);
        }
        if (!problems.HasErrors && groups.All(group => !Scenario.Below(group.Items).OfType<ScenarioItem.Send>().Any()))
            problems.Error(testPlan.Place, "the plan sends nothing",
                "enable a thread group with an HTTP request in it");
        if (problems.HasErrors) return null;
        if (plan.Needless.ToList() is { Count: > 0 } needless)
            notes.Add($"not needed here, and not run: {string.Join(", ", needless)}");
        return new Scenario
        {
            Name = testPlan.Name.Length > 0 ? testPlan.Name : file,
            Groups = groups.ToEquatableArray(), Variables = plan.Variables.ToEquatableArray(),
            Files = plan.Files.ToEquatableArray(), Timeout = options.Timeout,
        };
    }

    private static void Groups(JmxElement testPlan, JmxPlan plan, JmxOptions options, List<UserGroup> groups)
    {
        var others = new List<JmxElement>();
        var (scope, cookies) = (new JmxScope().With(testPlan.Below, plan, others), new JmxCookies());
        var threads = others.Where(one => one.Kind == "ThreadGroup").ToList();
        foreach (var one in others.Where(one => one.Kind != "ThreadGroup"))
            if (!Shared(one, plan, cookies, null)) Unknown(one, plan);
        var typed = options.Profile is LoadProfile.Closed ? "--users" : "a rate";
        if (options.Profile is not null && threads.Count > 1)
            plan.Problems.Error(threads[1].Place, $"the plan has {threads.Count} thread groups, and {typed} is for one",
                $"disable the others, or leave {typed} out");
        foreach (var thread in threads)
        {
            var own = new JmxCookies { Kept = cookies.Kept, Forgets = cookies.Forgets };
            var items = new JmxItems(plan, options, own, groups.Count).Read(thread.Below, scope);
            var profile = JmxThreads.Read(thread, plan, options.Profile);
            plan.Unread(thread);
            if (profile is not null)
                groups.Add(new UserGroup(thread.Name, profile, items) { Cookies = own.Kept, ForgetsCookies =
                    own.Forgets });
        }
    }

    /// <summary>False when it is none of those that a plan, a group or a controller may have.</summary>
    internal static bool Shared(JmxElement one, JmxPlan plan, JmxCookies cookies, int? group)
    {
        if (Listeners.Contains(one.Kind) || one.Kind.EndsWith("ResultCollector", StringComparison.Ordinal))
        {
            plan.NotNeeded(one.Name.Length > 0 ? one.Name : one.Kind);
            return true;
        }
        switch (one.Kind)
        {
            case "CookieManager":
                (cookies.Kept, cookies.Forgets) = (true, one.Flag("CookieManager.clearEachIteration"));
                one.Flag("CookieManager.controlledByThreadGroup");
                if (one.Items("CookieManager.cookies").Count > 0)
                    plan.Unsupported(one.Place, $"a cookie that {one.Shown} brings itself");
                plan.Unread(one);
                return true;
            case "CSVDataSet":
                JmxDataSets.Read(one, plan, group);
                plan.Unread(one);
                return true;
            default:
                return false;
        }
    }

    internal static void Unknown(JmxElement one, JmxPlan plan) => plan.Unsupported(one.Place,
        one.Below.Count == 0 ? one.Shown : $"{one.Shown}, with what stands below it,");
}

/// <summary>How a plan is read, beside what it says itself.</summary>
public sealed record JmxOptions
{
    public bool IgnoresUnsupported { get; init; }
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
    public string? Target { get; init; }
    public LoadProfile? Profile { get; init; }

    /// <summary>JMeter waits without end when a plan says nothing; a request that never ends tells nothing.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What a cookie manager says.</summary>
internal sealed class JmxCookies
{
    public bool Kept { get; set; }
    public bool Forgets { get; set; }
}
