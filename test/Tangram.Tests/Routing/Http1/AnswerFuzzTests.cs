using Tangram.Tests.Routing.Http1.Fuzzing;

namespace Tangram.Tests.Routing.Http1;

/// <summary>Whatever a backend says is read as a dumb second reader has it, in pieces of any size, and as if nothing
/// had come before.</summary>
public sealed class AnswerFuzzTests(ITestOutputHelper output)
{
    /// <summary>A part of the seeds that <c>bench … fuzz --answers</c> goes through.</summary>
    [Fact]
    public void Whatever_a_seed_makes_is_read_as_by_a_second_reader()
    {
        const ulong first = 1, count = 5_000;
        for (var seed = first; seed < first + count; seed++)
            if (AnswerFuzzer.Wrong(seed) is { } wrong)
                Assert.Fail($"seed {seed} (dotnet run --project bench/Tangram.Bench -c Release -- fuzz --answers " +
                    $"--seed {seed} --seconds 0): {wrong}\n{AnswerFuzzer.Shown(seed)}");
    }

    [Fact]
    public void Seeds_not_chosen_by_us_too()
    {
        var first = (ulong)Random.Shared.NextInt64();
        output.WriteLine($"seeds from {first}");
        for (var seed = first; seed < first + 2_000; seed++)
            if (AnswerFuzzer.Wrong(seed) is { } wrong)
                Assert.Fail($"seed {seed}: {wrong}\n{AnswerFuzzer.Shown(seed)}");
    }

    [Fact]
    public void Seeds_make_answers_that_are_whole_such_that_are_cut_and_such_that_are_bad()
    {
        var ends = Enumerable.Range(1, 1000).Select(seed => PlainAnswers.Told(AnswerFuzzer.Make((ulong)seed)))
            .CountBy(told => told.EndsWith("Bad", StringComparison.Ordinal) ? "Bad"
                : told.EndsWith("More", StringComparison.Ordinal) ? "More" : "End").ToDictionary();
        output.WriteLine(string.Join(", ", ends));
        Assert.All(["Bad", "More", "End"], end => Assert.InRange(ends.GetValueOrDefault(end), 50, 900));
    }
}
