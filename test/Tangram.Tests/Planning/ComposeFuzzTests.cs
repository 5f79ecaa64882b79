using System.Diagnostics;
using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Planning.Fuzzing;

namespace Tangram.Tests.Planning;

/// <summary>Whatever a file holds, the reader answers with a spec or with problems, and soon.</summary>
public sealed class ComposeFuzzTests(ITestOutputHelper output)
{
    /// <summary>A part of the seeds that <c>bench … fuzz</c> goes through.</summary>
    [Fact]
    public void Whatever_a_seed_makes_is_read_or_refused()
    {
        const ulong first = 1, count = 4000;
        for (var seed = first; seed < first + count; seed++)
        {
            var input = ComposeFuzzer.Make(seed);
            if (input.Wrong() is { } wrong)
                Assert.Fail($"seed {seed} (dotnet run --project bench/Tangram.Bench -c Release -- fuzz --seed {seed} " +
                    $"--seconds 0): {wrong}\n{input.Shown()}");
        }
    }

    /// <summary>Seed 1143.</summary>
    [Fact]
    public void A_name_that_begins_like_an_extension_is_one_where_names_stand()
    {
        var files = new MemoryFiles { Variables = { ["A"] = "a" } };
        files["compose.yaml"] = "services: { x-web: { command: x, labels: { x-l: $A }, environment: { x-e: $A } } }";
        var answer = files.Read(["compose.yaml"]);
        var web = Assert.Single(answer.Spec!.Services);
        Assert.Equal([new Variable("x-e", "a")], web.Environment);
        Assert.Equal([new Variable("x-l", "a")], web.Deploy.Labels);
        Assert.Equal([web], Yaml.Spec(answer.Resolved!()).Services);
    }

    [Fact]
    public void Seeds_make_files_that_are_honoured_and_such_that_are_not()
    {
        var specs = Enumerable.Range(1, 500).Count(seed =>
        {
            var input = ComposeFuzzer.Make((ulong)seed);
            return Yaml.Read(input.Files["compose.yaml"]).Spec is not null;
        });
        output.WriteLine($"{specs} of 500 are honoured");
        Assert.InRange(specs, 25, 475);
    }

    [Fact]
    public void Every_problem_of_ten_thousand_services_is_told_in_seconds()
    {
        var text = new StringBuilder("x-tangram: { zones: [a, b, c] }\nservices:\n");
        for (var n = 0; n < 10_000; n++)
            text.Append($"  s{n}:\n    command: [serve, --port, \"1\"]\n    environment: {{ A: \"1\", B: \"2\" }}\n")
                .Append($"    depends_on: [s{(n + 1) % 10_000}]\n    imgae: x\n    deploy: {{ replicas: 3 }}\n")
                .Append($"    x-tangram: {{ route: {{ path: /s{n} }}, probe: http:/healthz }}\n");
        var begun = Stopwatch.GetTimestamp();
        var errors = Yaml.Errors(text.ToString());
        var good = text.Replace("    imgae: x\n", "").Replace("[s0]", "[]").ToString();
        Assert.Equal(10_000, Yaml.Spec(good).Services.Count);
        var took = Stopwatch.GetElapsedTime(begun);
        output.WriteLine($"{took.TotalSeconds:0.00} s for two files of 10,000 services");
        Assert.Equal(10_001, errors.Length);
        Assert.True(took < TimeSpan.FromSeconds(20), $"it took {took}");
    }

    [Fact]
    public void Large_and_empty_shapes_are_read_in_seconds()
    {
        string[] shapes = ["- ", "[", "a: ", "\"", "'", "|\n", "#\n", "&a ", "*a ", ",", "{}", "[],", "a\n", "? "];
        foreach (var shape in shapes)
        {
            var text = string.Concat(Enumerable.Repeat(shape, 1_000_000 / shape.Length));
            var begun = Stopwatch.GetTimestamp();
            Assert.Null(Yaml.Read(text).Spec);
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(10), $"1 MB of {shape} took too long");
        }
    }

    [Fact]
    public void The_examples_are_sound()
    {
        foreach (var file in Directory.EnumerateFiles(Examples(), "compose*.yaml", SearchOption.AllDirectories)
            .Where(IsWhole))
            Assert.DoesNotContain(ComposeFile.Load(new([file]), _ => null).Problems,
                problem => problem.Severity == Severity.Error && !problem.What.EndsWith("which does not exist"));
    }

    /// <summary>A part that a file above it includes need not be sound alone.</summary>
    private static bool IsWhole(string file) =>
        !File.Exists(Path.Combine(Path.GetDirectoryName(file)!, "..", "compose.yaml"));

    private static string Examples()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Tangram.slnx"))) root = root.Parent!;
        return Path.Combine(root.FullName, "examples");
    }
}
