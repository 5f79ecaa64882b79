using System.Diagnostics;
using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Planning.Composing;

namespace Tangram.Tests.Planning;

/// <summary>Files that are made to take all the time or memory there is: each is read or refused in its place, in
/// bounded time and with bounded allocations.</summary>
public sealed class InputLimitsTests(ITestOutputHelper output)
{
    /// <summary>On an idle machine the slowest takes two.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private const long MostAllocated = 2_500_000_000;
    private const string Web = "services: { web: { command: x } }\n";

    private readonly MemoryFiles _files = new();

    [Theory]
    [InlineData("- ", "\n", 201)]
    [InlineData("[", "]", 102)]
    [InlineData("{a: ", "}", 396)]
    public void A_thousand_levels_are_refused_where_the_hundred_and_first_begins(string open, string close, int column)
    {
        var nested = string.Concat(Enumerable.Repeat(open, 1000)) + "a" + string.Concat(Enumerable.Repeat(close, 1000));
        var error = Assert.Single(Errors($"x-deep:\n  {nested}\n{Web}"));
        // The map of the file is the first level.
        Assert.Equal($"compose.yaml:2:{column}: this is nested more than 100 levels deep. " +
            "look for brackets that are never closed.", error.ToString());
    }

    [Fact]
    public void Ten_megabytes_are_read()
    {
        var text = new StringBuilder(Web);
        for (var n = 0; text.Length < ComposeFile.MostBytes - 200; n++)
            text.Append($"x-{n}: '{new string('a', 90)}'\n");
        Assert.Empty(Errors(text.ToString()));
        Assert.Empty(Errors(Web + "#" + new string('a', ComposeFile.MostBytes - 100)));
    }

    [Theory]
    [InlineData("A: *a", "values")]
    [InlineData("long", "characters")]
    public void Aliases_that_multiply_are_refused(string kind, string what)
    {
        var text = new StringBuilder($"x-0: &l0 {(kind == "long" ? new string('a', 100_000) : "[a, a, a]")}\n");
        for (var level = 1; level < 30; level++)
            text.Append($"x-{level}: &l{level} [{string.Join(", ", Enumerable.Repeat($"*l{level - 1}", 9))}]\n");
        Assert.Contains($"more than {(what == "values" ? 1_000_000 : 20_000_000)} {what}",
            Assert.Single(Errors(text + Web)).What);
    }

    [Fact]
    public void Of_a_hundred_thousand_duplicate_keys_twenty_thousand_are_told()
    {
        var errors = Errors(Web + string.Concat(Enumerable.Range(0, 50_000).Select(n => $"x-{n}: 1\nx-{n}: 2\n")) +
            string.Concat(Enumerable.Range(0, 50_000).Select(n => $"k{n}: 1\n")));
        Assert.Equal(ProblemList.Most + 1, errors.Length);
        Assert.Equal("compose.yaml:3:1: 'x-0' is given twice (first in line 2). keep one of them.",
            errors[0].ToString());
        Assert.Equal("80000 more problems are not shown", errors[^1].What);
    }

    [Fact]
    public void A_byte_that_is_not_UTF8_is_found_at_the_end_of_ten_megabytes()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("# \u00E9\n", 2_000_000))), 0xC3];
        _files.Files["/srv/shop/compose.yaml"] = bytes;
        Assert.Equal("compose.yaml:2000001:1: this is not UTF-8. save the file as UTF-8.",
            Assert.Single(Errors()).ToString());
    }

    [Theory]
    [InlineData("$A", 1_000_000)]
    [InlineData("${A}", 500_000)]
    [InlineData("${NONE:-$A}", 200_000)]
    [InlineData("${A:+${A}${A}}", 200_000)]
    [InlineData("${NONE:+${A:-x}}", 200_000)]
    [InlineData("${A:-${A:-x}}", 200_000)]
    public void A_variable_in_many_places_of_one_value_ends(string text, int times)
    {
        _files.Variables["A"] = new string('a', 100_000);
        var errors = Errors(Yaml.WebFile($"environment: {{ B: '{string.Concat(Enumerable.Repeat(text, times))}' }}"));
        if (text.StartsWith("${NONE:+", StringComparison.Ordinal)) Assert.Empty(errors);
        else Assert.Equal("compose.yaml:4:23", Assert.Single(errors).Place.ToString());
    }

    [Fact]
    public void Variables_of_a_file_that_double_each_other_are_refused()
    {
        _files[".env"] = "A0=aaaaaaaaaa\n" +
            string.Concat(Enumerable.Range(1, 40).Select(n => $"A{n}=$A{n - 1}$A{n - 1}\n"));
        Assert.Equal("/srv/shop/.env:15:5", Errors(Web.Replace("x", "$A40"))[0].Place.ToString());
        _files[".env"] = "A=" + new string('a', 100_000) + "\n" + string.Concat(Enumerable.Repeat("B=$A\n", 1_000_000));
        var error = Assert.Single(Errors(Web));
        Assert.StartsWith("/srv/shop/.env:", error.ToString());
        Assert.Contains("too many characters", error.What);
    }

    [Fact]
    public void A_large_file_of_variables_that_all_services_name_is_refused()
    {
        _files["a.env"] = string.Concat(Enumerable.Range(0, 10_000).Select(n => $"A{n}=1\n"));
        Assert.Contains("more than 1000000 values", Assert.Single(Errors(Services(10_000, "env_file: a.env"))).What);
    }

    [Fact]
    public void A_small_file_of_variables_may_be_named_by_ten_thousand_services()
    {
        _files["a.env"] = string.Concat(Enumerable.Range(0, 20).Select(n => $"A{n}=1\n"));
        Assert.Empty(Errors(Services(10_000, "env_file: a.env")));
    }

    [Theory]
    [InlineData("{ a: 1 }")]
    [InlineData("{ a: !reset 1 }")]
    public void A_large_service_that_all_extend_is_refused(string last)
    {
        var labels = string.Join(", ", Enumerable.Range(0, 20_000).Select(n => $"l{n}: 1"));
        var errors = Errors(Services(10_000, "extends: base") +
            $"  base: {{ command: x, labels: {{ {labels} }}, healthcheck: {last} }}\n");
        Assert.Contains("and the most is 1000000", Assert.Single(errors).What);
    }

    [Fact]
    public void Circles_of_files_end()
    {
        _files["a.yaml"] = "include: [b.yaml]\nservices: { a: { command: x, extends: { file: b.yaml, service: b } } }";
        _files["b.yaml"] = "include: [a.yaml]\nservices: { b: { command: x, extends: { file: a.yaml, service: a } } }";
        var errors = Errors("include: [a.yaml, b.yaml]\n" + Web);
        Assert.Contains(errors, e => e.ToString().StartsWith("b.yaml:1:1: this file includes itself"));
        Assert.Contains(errors, e => e.What == "these services extend each other: a \u2192 b \u2192 a");
        for (var n = 0; n < 300; n++)
            _files[$"c{n}.yaml"] = $"include: [c{n + 1}.yaml]\nservices: {{ s{n}: {{ command: x }} }}";
        Assert.Equal("c199.yaml:1:11: more than 200 files are included. include fewer.",
            Assert.Single(Errors("include: [c0.yaml]\n" + Web)).ToString());
    }

    [Fact]
    public void More_files_than_a_thousand_are_refused()
    {
        for (var n = 0; n < 1001; n++) _files[$"f{n}.yaml"] = Web;
        Assert.Empty(Errors(names: [.. Enumerable.Range(0, 1000).Select(n => $"f{n}.yaml")]));
        Assert.Contains("the first of 1001 files, and the most is 1000",
            Assert.Single(Errors(names: [.. Enumerable.Range(0, 1001).Select(n => $"f{n}.yaml")])).What);
    }

    [Theory]
    [InlineData("services: { {0}: { command: x } }")]
    [InlineData("services: { web: { command: x, profiles: ['{0}'] } }")]
    [InlineData("services: { web: { command: x, networks: ['{0}'] } }")]
    [InlineData("services: { web: { command: x, network_mode: '{0}', extends: '{0}' } }")]
    [InlineData("services: { web: { command: x, env_file: '{0}' } }")]
    [InlineData("services: { web: { command: x, stop_signal: '${{0}' } }")]
    [InlineData("services: { web: { command: x, environment: { A: '{0}' } } }")]
    [InlineData("services: { web: { command: [x, '{0}'] } }")]
    [InlineData("services: { web: { command: x, x-tangram: { files: '{0}', schedule: { cron: '{0}' } } } }")]
    [InlineData("{ '{0}': 1, services: { web: { command: x } } }")]
    public void A_name_of_a_megabyte_is_told_in_a_sentence(string text) =>
        Assert.NotEmpty(Errors(text.Replace("{0}", new string('n', 1_000_000))));

    [Theory]
    [InlineData("configs: [{0}]", "configs: { {0} }", "c{0}: { content: x }")]
    [InlineData("volumes: [{0}]", "volumes: { {0} }", "c{0}: { }")]
    public void A_service_may_be_given_much(string given, string declared, string one)
    {
        string All(string text) =>
            string.Join(", ", Enumerable.Range(0, 20_000).Select(n => text.Replace("{0}", $"{n}")));
        Assert.Empty(Errors(Yaml.WebFile(given.Replace("{0}", All(given[0] == 'v' ? "'c{0}:/d{0}'" : "c{0}"))) +
            declared.Replace("{0}", All(one))));
    }

    [Fact]
    public void Ports_and_dependencies_by_the_ten_thousand_are_checked()
    {
        var ports = Enumerable.Range(0, 30_000).Select(n => $"'10.0.{n / 250}.{n % 250}:81:80'");
        Assert.Empty(Errors(Yaml.WebFile($"ports: [{string.Join(", ", ports)}]")));
        var absent = string.Join(", ", Enumerable.Range(0, 15_000).Select(n => $"{new string('a', 30)}{n:00000}"));
        Assert.Equal(15_000, Errors(Services(5_000, "stop_signal: SIGINT", new string('a', 30)) +
            $"  b: {{ command: x, depends_on: [{absent}] }}\n").Length);
    }

    [Fact]
    public void All_replicas_together_have_an_end() => Assert.Contains("more than 200000 replicas",
        Assert.Single(Errors(Services(10_000, "deploy: { replicas: 100000 }"))).What);

    private static string Services(int count, string line, string prefix = "s") => "services:\n" +
        string.Concat(Enumerable.Range(0, count).Select(n => $"  {prefix}{n}:\n    command: x\n    {line}\n"));

    /// <summary>The errors, each of them sound, after measuring what it took to find them.</summary>
    private Problem[] Errors(string? text = null, string[]? names = null)
    {
        if (text is not null) _files["compose.yaml"] = text;
        var (begun, before) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        var answer = _files.Read(names ?? ["compose.yaml"]);
        var (took, allocated) = (Stopwatch.GetElapsedTime(begun), GC.GetAllocatedBytesForCurrentThread() - before);
        output.WriteLine($"{took.TotalSeconds:0.0} s, {allocated / 1e6:0} MB allocated");
        Assert.True(took < Longest, $"it took {took}");
        Assert.True(allocated < MostAllocated, $"it allocated {allocated / 1e6:0} MB");
        Assert.All(answer.Problems, p => Assert.True(p is { What.Length: > 0 and < 1000, Remedy.Length: > 0 and < 1000 }
            && !(p.What + p.Remedy).Any(char.IsControl), p.ToString()));
        var errors = answer.Problems.Where(p => p.Severity == Severity.Error).ToArray();
        Assert.Equal(answer.Spec is null, errors.Length > 0);
        return errors;
    }
}
