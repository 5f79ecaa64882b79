using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads <c>profile</c>.</summary>
internal static class ProfileReader
{
    private const int MostSteps = LoadProfile.MostStages;

    /// <summary>Null after the problem was noted.</summary>
    public static LoadProfile? Read(Fields profile)
    {
        if (!profile.IsMap) return null;
        string[] shapes = ["rate", "users", "step", "spike"];
        var given = shapes.Where(shape => profile[shape] is not null).ToList();
        if (given.Count != 1)
        {
            profile.Problems.Error(profile.Place,
                given.Count == 0 ? "the profile says neither a rate nor users"
                    : $"the profile has {string.Join(" and ", given)}",
                $"write one of {string.Join(", ", shapes)}");
            return null;
        }
        Unfit(profile, given[0]);
        if (Stages(profile, given[0]) is not { } stages) return null;
        LoadProfile read = given[0] == "users"
            ? new LoadProfile.Closed(profile.WholeOrNull("iterations", 1, int.MaxValue))
            : new LoadProfile.Open(profile.Choice("arrivals", false, [("even", false), ("poisson", true)])
                ? (ulong)profile.Whole("seed", 1, 0, int.MaxValue) : null);
        read = read with { Stages = stages.ToEquatableArray() };
        foreach (var problem in read.Problems())
            profile.Problems.Error(profile.PlaceOf(given[0]), problem, "mend the profile");
        return read;
    }

    /// <summary>Keys that say nothing beside the shape that was chosen.</summary>
    private static void Unfit(Fields profile, string shape)
    {
        var whole = shape is "step" or "spike" || profile[shape] is Tree.List;
        (string Key, bool Fits, string Because)[] keys =
        [
            ("duration", !whole, $"{shape} says how long itself"),
            ("ramp", !whole, $"{shape} says how it rises itself"),
            ("iterations", shape == "users", "only users do iterations"),
            ("arrivals", shape != "users", "users come when they are done"),
            ("seed", shape != "users", "it is of poisson arrivals"),
        ];
        foreach (var (key, fits, because) in keys)
            if (profile[key] is { } tree && !fits)
                profile.Problems.Error(tree.Place, $"'{key}' does not go with {shape}: {because}", $"delete '{key}'");
    }

    private static List<Stage>? Stages(Fields profile, string shape)
    {
        if (shape == "step") return Steps(profile.Open("step", ScenarioKeys.Step));
        if (shape == "spike") return Spike(profile.Open("spike", ScenarioKeys.Spike));
        if (profile[shape] is Tree.List list)
        {
            var stages = list.Items.Take(MostSteps + 1).Select(item => One(item, shape, profile.Problems)).ToList();
            return stages.Any(stage => stage is null) ? null : [.. stages.OfType<Stage>()];
        }
        var height = Number(profile, shape);
        // Users who do so many iterations need no end in time.
        var free = shape == "users" && profile["iterations"] is not null;
        if (profile["duration"] is null && !free)
            profile.Problems.Error(profile.Place, "the profile has no duration", "write duration: 1m, or the like");
        var (ramp, lasts) = (profile.Duration("ramp", TimeSpan.Zero),
            profile.Duration("duration", free ? LoadProfile.Longest : TimeSpan.Zero, positive: true));
        if (height is not { } high || lasts <= TimeSpan.Zero) return null;
        if (ramp > lasts)
        {
            profile.Problems.Error(profile.PlaceOf("ramp"), "'ramp' is longer than 'duration', of which it is a part",
                "write a shorter one");
            return null;
        }
        return [.. new[] { new Stage(0, high, ramp), new Stage(high, high, lasts - ramp) }
            .Where(stage => stage.Lasts > TimeSpan.Zero)];
    }

    private static Stage? One(Tree item, string what, ProblemList problems)
    {
        if (Scalars.Filled(item, what, problems) is not { } text) return null;
        if (StageText.Read(text) is { } stage) return stage;
        problems.Error(item.Place, $"{Quoted.Of(text)} is not {StageText.Wanted}", $"write {StageText.Wanted}");
        return null;
    }

    private static List<Stage>? Steps(Fields step)
    {
        var (from, to, by, every) = (Number(step, "from"), Number(step, "to"), Number(step, "by"),
            Needed(step, "every"));
        if (from is null || to is null || by is null || every is null) return null;
        if (by <= 0 || (to - from) / by is < 0 or > MostSteps)
        {
            step.Problems.Error(step.PlaceOf("by"), $"these are no steps, or more than {MostSteps}",
                "let 'by' be more than 0 and 'to' not below 'from'");
            return null;
        }
        var count = (int)Math.Floor((to.Value - from.Value) / by.Value + 1e-9) + 1;
        return [.. Enumerable.Range(0, count).Select(i => from.Value + i * by.Value)
            .Select(height => new Stage(height, height, every.Value))];
    }

    private static List<Stage>? Spike(Fields spike)
    {
        var (low, high, after, lasts, all) = (Number(spike, "base"), Number(spike, "peak"), Needed(spike, "after"),
            Needed(spike, "lasts"), Needed(spike, "duration"));
        if (low is null || high is null || after is null || lasts is null || all is null) return null;
        if (after + lasts > all)
        {
            spike.Problems.Error(spike.PlaceOf("duration"), "the spike ends after 'duration'", "write a longer one");
            return null;
        }
        return [.. new[]
        {
            new Stage(low.Value, low.Value, after.Value), new Stage(high.Value, high.Value, lasts.Value),
            new Stage(low.Value, low.Value, all.Value - after.Value - lasts.Value),
        }.Where(stage => stage.Lasts > TimeSpan.Zero)];
    }

    private static double? Number(Fields fields, string key)
    {
        if (fields[key] is not null) return fields.Parsed<double>(key, Quantities.Number, "a number from 0");
        fields.Problems.Error(fields.Place, $"'{key}' is missing", $"write {key}: and a number");
        return null;
    }

    private static TimeSpan? Needed(Fields fields, string key)
    {
        if (fields[key] is not null) return fields.DurationOrNull(key, positive: false);
        fields.Problems.Error(fields.Place, $"'{key}' is missing", $"write {key}: and a duration such as 30s");
        return null;
    }
}
