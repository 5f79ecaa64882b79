using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>A thread group as users over time: thread i of n begins at i / n of the ramp.</summary>
internal static class JmxThreads
{
    /// <summary>Null after the problem was noted.</summary>
    public static LoadProfile? Read(JmxElement group, JmxPlan plan, LoadProfile? instead)
    {
        var loops = Loops(group, plan);
        var users = plan.Number(group.Text("ThreadGroup.num_threads", "1"), "the number of threads", group.Place);
        var ramp = Seconds(group, "ThreadGroup.ramp_time", "the ramp-up", plan);
        var scheduled = group.Flag("ThreadGroup.scheduler");
        var (lasts, delay) = (Seconds(group, "ThreadGroup.duration", "the duration", plan),
            Seconds(group, "ThreadGroup.delay", "the delay", plan));
        if (group.Text("ThreadGroup.on_sample_error", "continue") is not "continue" and var then)
            plan.Unsupported(group.Place, $"{then} after an error (ThreadGroup.on_sample_error) in {group.Shown}");
        // Cookies tell whether somebody is new, and those are asked about elsewhere.
        group.Flag("ThreadGroup.same_user_on_next_iteration");
        if (instead is not null) return instead;
        if (users is null) return null;
        if (loops is null && !(scheduled && lasts > TimeSpan.Zero))
        {
            plan.Problems.Error(group.Place, $"{group.Shown} runs for ever",
                "give it a duration (Specify Thread lifetime), or give --users and --duration");
            return null;
        }
        if (!scheduled) delay = TimeSpan.Zero;
        var whole = scheduled && lasts > TimeSpan.Zero ? lasts : LoadProfile.Longest - delay - ramp;
        LoadProfile profile = new LoadProfile.Closed(loops) { Stages = Stages(users.Value, delay, ramp, whole) };
        foreach (var problem in profile.Problems())
            plan.Problems.Error(group.Place, $"{group.Shown}: {problem}", "change the thread group");
        return profile;
    }

    private static EquatableArray<Stage> Stages(double users, TimeSpan delay, TimeSpan ramp, TimeSpan whole)
    {
        // Threads that would begin after the end never do.
        var rise = ramp < whole ? ramp : whole;
        var reached = ramp > TimeSpan.Zero ? users * (rise / ramp) : users;
        return new[] { new Stage(0, 0, delay), new Stage(0, reached, rise), new Stage(users, users, whole - rise) }
            .Where(stage => stage.Lasts > TimeSpan.Zero).ToEquatableArray();
    }

    /// <summary>Null: for ever.</summary>
    private static long? Loops(JmxElement group, JmxPlan plan)
    {
        if (group.Inner("ThreadGroup.main_controller") is not { } loop) return 1;
        if (plan.Number(loop.Text("LoopController.loops", "1"), "the number of loops", group.Place) is not { } loops)
            return 1;
        return loops < 0 ? null : (long)loops;
    }

    private static TimeSpan Seconds(JmxElement group, string name, string what, JmxPlan plan)
    {
        var seconds = plan.Number(group.Text(name, "0"), what, group.Place) ?? 0;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LoadProfile.Longest.TotalSeconds));
    }
}
