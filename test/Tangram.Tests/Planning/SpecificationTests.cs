using System.Globalization;
using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Planning.Composing;

namespace Tangram.Tests.Planning;

/// <summary>Every example of the Compose Specification is read: it is honoured, or refused with a place and a remedy.
/// docs/compose-share.md records which, and what is said.</summary>
public sealed class SpecificationTests
{
    private const string Introduction =
        """
        # The Compose Specification: the share honoured

        *This page is recorded by a test, from examples in test/Tangram.Tests/Planning/Specification, and held by it.*

        One small file for everything that the specification's text shows, in our own words. **Honoured** means that it
        is read without an error, and what it says is done. **With a warning** is a part of those: something in it is
        passed over, and that is said. Everything else is **refused** with file, line, column and a remedy, before
        anything changes. **Wrong** files are those that Compose refuses too.

        """;

    [Fact]
    public void Whatever_is_refused_is_refused_with_a_place_and_a_remedy() => Assert.All(
        from reading in All.Value
        from problem in reading.Problems
        select (reading.Example.Name, problem), told =>
        {
            Assert.True(told.problem.Place is { Line: > 0, Column: > 0 }, $"no place: {told}");
            Assert.True(told.problem is { What.Length: > 5, Remedy.Length: > 5 }, $"no sentence: {told}");
        });

    [Fact]
    public void A_wrong_file_is_refused() => Assert.All(All.Value.Where(reading => reading.Example.Wrong),
        reading => Assert.True(reading.Spec is null, $"{reading.Example.Name} is accepted"));

    [Fact]
    public void A_file_that_a_test_runs_is_honoured() => Assert.All(All.Value.Where(reading => reading.Example.Runs),
        reading => Assert.True(reading.Spec is not null, string.Join('\n', reading.Problems)));

    [Fact]
    public void What_config_prints_of_an_example_means_the_same() => Assert.All(
        All.Value.Where(reading => reading.Spec is not null), reading =>
        {
            var file = Path.GetTempFileName();
            File.WriteAllText(file, reading.Resolved);
            var request = new ComposeRequest([file], Profiles: ["*"]);
            var again = ComposeFile.Read(request, Machine, new ProblemList());
            File.Delete(file);
            Assert.True(reading.Spec == again.Spec, $"{reading.Example.Name} became\n{reading.Resolved}\n" +
                string.Join('\n', again.Problems));
        });

    /// <summary>But for x-tangram, which is ours, every key that the reader knows stands in an example.</summary>
    [Fact]
    public void Every_key_has_an_example()
    {
        var examples = string.Concat(SpecificationExample.All.SelectMany(e => e.Files).Select(File.ReadAllText));
        Assert.All(
            from section in Sections.All
            where !section.Title.StartsWith("x-tangram", StringComparison.Ordinal)
            from key in section.Keys
            select (section.Title, key.Name),
            key => Assert.True(examples.Contains($"{key.Name}:", StringComparison.Ordinal), $"no example: {key}"));
    }

    /// <summary>With TANGRAM_RECORD=1 in the environment the page is written anew.</summary>
    [Fact]
    public void The_page_says_what_the_reader_does()
    {
        var page = Path.Combine(Repository.Root, "docs", "compose-share.md");
        if (Environment.GetEnvironmentVariable("TANGRAM_RECORD") == "1") File.WriteAllText(page, Text());
        Assert.Equal(Text(), File.ReadAllText(page));
    }

    private sealed record Reading(
        SpecificationExample Example, ClusterSpec? Spec, EquatableArray<Problem> Problems, string? Resolved);

    private static readonly Lazy<Reading[]> All = new(() => [.. SpecificationExample.All.Select(Read)]);

    /// <summary>The environment is the same everywhere: it has a PATH, and nothing else.</summary>
    private static ComposeFolder Machine => new(name => name == "PATH" ? "/usr/bin:/bin" : null);

    private static Reading Read(SpecificationExample example)
    {
        var request = new ComposeRequest(example.Files.ToEquatableArray());
        var answer = ComposeFile.Read(request, Machine, new ProblemList());
        return new Reading(example, answer.Spec, answer.Problems, answer.Resolved?.Invoke());
    }

    private static string Text()
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        text.Append("\n| section | examples | honoured | with a warning | refused | share | wrong |\n");
        text.Append("|---|---|---|---|---|---|---|\n");
        foreach (var section in All.Value.GroupBy(reading => reading.Example.Section))
            text.Append(Row(section.Key, [.. section]));
        text.Append(Row("**all**", All.Value));
        foreach (var section in All.Value.GroupBy(reading => reading.Example.Section))
        {
            text.Append($"\n## {section.Key}\n\n| example | honoured | what is said |\n|---|---|---|\n");
            foreach (var reading in section)
                text.Append($"| `{reading.Example.Name.Split('/')[1]}` | {Word(reading)} | {Said(reading)} |\n");
        }
        return text.ToString();
    }

    private static string Row(string name, Reading[] readings)
    {
        var sound = readings.Where(reading => !reading.Example.Wrong).ToList();
        var honoured = sound.Where(reading => reading.Spec is not null).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"| {name} | {sound.Count} | {honoured.Count} ") +
            $"| {honoured.Count(reading => PassedOver(reading).Any())} | {sound.Count - honoured.Count} " +
            (sound.Count == 0 ? "| " : $"| {100 * honoured.Count / sound.Count} % ") +
            $"| {readings.Length - sound.Count} |\n";
    }

    private static string Word(Reading reading) =>
        reading.Spec is not null ? "yes" : reading.Example.Wrong ? "wrong" : "no";

    /// <summary>The first error, or everything that is passed over.</summary>
    private static string Said(Reading reading)
    {
        var told = reading.Spec is null
            ? reading.Problems.Where(problem => problem.Severity == Severity.Error).ToList()
            : [.. PassedOver(reading)];
        if (told.Count == 0) return "";
        var place = told[0].Place with { File = Path.GetFileName(told[0].Place.File) };
        var more = told.Count > 1 ? $" (and {told.Count - 1} more)" : "";
        var sentence = (told[0] with { Place = place }).ToString();
        return Cell(sentence.Replace(SpecificationExample.Root, "…", StringComparison.Ordinal)) + more;
    }

    private static IEnumerable<Problem> PassedOver(Reading reading) =>
        reading.Problems.Where(problem => problem.What.Contains("passed over", StringComparison.Ordinal));

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
