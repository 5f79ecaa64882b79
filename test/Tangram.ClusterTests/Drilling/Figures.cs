namespace Tangram.ClusterTests.Drilling;

/// <summary>What a drill measured: shown beside its result, and appended to the file that TANGRAM_FIGURES names, from
/// which docs/guarantees.md is filled.</summary>
internal static class Figures
{
    public static void Note(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage("{0}", line);
        if (Environment.GetEnvironmentVariable("TANGRAM_FIGURES") is { Length: > 0 } file)
            File.AppendAllText(file, line + "\n");
    }

    /// <summary>The seed of this run: TANGRAM_SEED repeats an earlier one.</summary>
    public static Random Chance(string drill)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TANGRAM_SEED"), out var given)
            ? given
            : Random.Shared.Next();
        Note($"{drill}: seed {seed}, repeat with TANGRAM_SEED={seed}");
        return new Random(seed);
    }

    /// <summary>What a drill takes that is long; less with CI=true, which is to end soon.</summary>
    public static T Shorter<T>(T all, T inCi) => Environment.GetEnvironmentVariable("CI") == "true" ? inCi : all;

    /// <summary>All of them, in their order; with CI=true some that are drawn.</summary>
    public static IReadOnlyList<T> Drawn<T>(string drill, IReadOnlyList<T> all, int inCi)
    {
        var count = Shorter(all.Count, inCi);
        if (count == all.Count) return all;
        var places = Enumerable.Range(0, all.Count).ToArray();
        Chance(drill).Shuffle(places);
        return [.. places.Take(count).Order().Select(place => all[place])];
    }
}
