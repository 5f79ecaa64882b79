using Tangram.Cli;
using Tangram.Proving.Chaos;
using Tangram.Proving.Drills;
using Tangram.Tests.Cli;

namespace Tangram.Tests.Proving.Chaos;

public sealed class ChaosTests
{
    private const string Experiment = """
        {
          "version": "1.0.0",
          "title": "A file that goes away is noticed",
          "description": "As their tutorial has it.",
          "tags": ["tutorial"],
          "configuration": { "file": { "type": "env", "key": "THE_FILE", "default": "none" }, "word": "here" },
          "steady-state-hypothesis": {
            "title": "the file is there",
            "probes": [
              { "type": "probe", "name": "says-here", "tolerance": "here",
                "provider": { "type": "process", "path": "cat", "arguments": "${file}" } },
              { "type": "probe", "name": "can-be-read", "tolerance": [0, 3],
                "provider": { "type": "process", "path": "test", "arguments": ["-r", "${file}"], "timeout": 5 } },
              { "type": "probe", "name": "matches", "tolerance": { "type": "regex", "pattern": "h.re" },
                "provider": { "type": "process", "path": "cat", "arguments": ["${file}"] } }
            ]
          },
          "method": [
            { "type": "action", "name": "move-away", "pauses": { "after": 0.01 },
              "provider": { "type": "process", "path": "mv", "arguments": ["${file}", "${file}.away"] } },
            { "ref": "says-here" }
          ],
          "rollbacks": [
            { "type": "action", "name": "move-back",
              "provider": { "type": "process", "path": "mv", "arguments": "${file}.away ${file}" } }
          ]
        }
        """;

    [Fact]
    public async Task An_experiment_is_played_as_it_is_and_rolled_back()
    {
        using var terminal = new Terminal();
        terminal.Write("file", "here\n");
        var file = Path.Combine(terminal.WorkingFolder, "file");
        Assert.Equal(Exit.Failed, await PlayAsync(terminal, Experiment, file));
        Assert.Contains("says-here: NOT as it should be, status 1, wanted the text 'here'", terminal.Out);
        Assert.Contains("A file that goes away is noticed: BROKEN", terminal.Out);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task What_holds_throughout_is_kept()
    {
        using var terminal = new Terminal();
        terminal.Write("file", "here\n");
        var text = Experiment.Replace("""
            "mv", "arguments": ["
            """, """
            "cp", "arguments": ["
            """);
        Assert.Equal(Exit.Done, await PlayAsync(terminal, text, Path.Combine(terminal.WorkingFolder, "file")));
        Assert.Contains("KEPT", terminal.Out);
    }

    [Fact]
    public async Task Nothing_is_done_when_the_hypothesis_does_not_hold_before()
    {
        using var terminal = new Terminal();
        terminal.Write("file", "gone\n");
        var file = Path.Combine(terminal.WorkingFolder, "file");
        Assert.Equal(Exit.Failed, await PlayAsync(terminal, Experiment, file));
        Assert.Contains("NOT BEGUN", terminal.Out);
        Assert.DoesNotContain("move-away", terminal.Out);
        Assert.True(File.Exists(file));
    }

    [Theory]
    [InlineData("{ \"method\": [ { \"provider\": { \"type\": \"python\", \"module\": \"m\" } } ] }",
        "'type' is 'python', which is not honoured", "extensions in Python are not run")]
    [InlineData("{ \"method\": [], \"controls\": [] }", "'controls' is not honoured in an experiment", "delete")]
    [InlineData("{ \"method\": [ { \"ref\": \"x\" } ] }", "no earlier activity is named 'x'", "stands before")]
    [InlineData("{ \"method\": [ { \"type\": \"probe\" } ] }", "this activity has no provider", "provider:")]
    [InlineData("{ \"method\": [ { \"provider\": { \"type\": \"http\" } } ] }", "this provider has no url", "url:")]
    [InlineData("{ \"method\": [ { \"provider\": { \"type\": \"http\", \"url\": \"x\" } } ] }",
        "'x' does not start", "URL")]
    [InlineData("{ \"method\": [], \"steady-state-hypothesis\": { \"probes\": [ { \"name\": \"p\", \"provider\": " +
        "{ \"type\": \"process\", \"path\": \"true\" } } ] } }", "'p' has no tolerance", "tolerance:")]
    [InlineData("{ \"method\": [], \"configuration\": { \"a\": { \"type\": \"env\", \"key\": \"NO\" } } }",
        "'a' has no value", "default:")]
    public void What_is_not_honoured_is_refused_with_its_place(string text, string what, string remedy)
    {
        var refused = Assert.Throws<CommandFailure>(() => DrillFiles.Read(text, "x.json", "x", _ => null));
        Assert.Contains("x.json:1:", refused.Message);
        Assert.Contains(what, refused.Message);
        Assert.Contains(remedy, refused.Message);
    }

    [Theory]
    [InlineData(200, "", true)]
    [InlineData(0, "", true)]
    [InlineData(500, "", false)]
    [InlineData(1, "", false)]
    [InlineData(null, "refused", false)]
    public void Success_is_an_exit_of_0_or_an_answer_below_400(int? status, string text, bool well)
    {
        Assert.Equal(well, new ChaosTolerance.Went(true).Holds(new ChaosAnswer(status, text)));
        Assert.Equal(!well, new ChaosTolerance.Went(false).Holds(new ChaosAnswer(status, text)));
    }

    [Fact]
    public void A_number_is_compared_with_what_was_answered()
    {
        Assert.True(new ChaosTolerance.Between(1, 2.5).Holds(new ChaosAnswer(0, " 2.5\n")));
        Assert.False(new ChaosTolerance.Between(1, 2.5).Holds(new ChaosAnswer(0, "2.6")));
        Assert.False(new ChaosTolerance.Between(1, 2.5).Holds(new ChaosAnswer(0, "two")));
        Assert.True(new ChaosTolerance.Statuses([200, 204]).Holds(new ChaosAnswer(204, "")));
        Assert.False(new ChaosTolerance.Statuses([200, 204]).Holds(new ChaosAnswer(null, "")));
    }

    private static async Task<int> PlayAsync(Terminal terminal, string text, string file)
    {
        var read = DrillFiles.Read(text, "x.json", "x", name => name == "THE_FILE" ? file : null);
        return await ChaosEntrance.RunAsync(read.Theirs!, json: false, terminal.Around, CancellationToken.None);
    }
}
