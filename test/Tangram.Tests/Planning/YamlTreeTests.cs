using System.Text;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

public sealed class YamlTreeTests
{
    private const string Web = "services: { web: { command: x } }";

    [Theory]
    [InlineData("a: [", "compose.yaml:1:5: this is not YAML")]
    [InlineData("services:\n\tweb: 1", "compose.yaml:2:1: this line is indented with a tab, which YAML does not allow")]
    [InlineData("services:\n  web:\n  \tcommand: x", "compose.yaml:3:1: this line is indented with a tab")]
    [InlineData("services:\n  web:\n    command: x\n\t# no", "compose.yaml:4:1: this line is indented with a tab")]
    [InlineData(Web + "\n---\n" + Web, "compose.yaml:2:1: a second document starts here")]
    [InlineData("services: { web: { command: x, command: y } }",
        "compose.yaml:1:32: 'command' is given twice (first in line 1)")]
    [InlineData("services: { web: { command: *a } }", "compose.yaml:1:29: there is no anchor '&a' before this alias")]
    [InlineData("services: { web: { command: !x y } }", "compose.yaml:1:29: the tag '!x' is not honoured")]
    [InlineData("services: { web: { command: x, [a]: b } }", "compose.yaml:1:32: this key is a list or a map")]
    [InlineData("services: { web: { command: x, <<: b } }", "compose.yaml:1:36: '<<' merges maps")]
    [InlineData("services: { web: { command: \"a\\0b\" } }", "compose.yaml:1:29: this text holds a character that no")]
    [InlineData("services: { web: { command: \"a\\uD800b\" } }", "compose.yaml:1:")]
    [InlineData("# no\u0001\n" + Web, "compose.yaml:1:5: there is a control character (U+0001) here")]
    [InlineData(Web + "\0 volumes: {}", "compose.yaml:1:34: there is a control character (U+0000) here")]
    [InlineData("[]", "compose.yaml:1:1: the top level takes a map and is a list")]
    [InlineData("---\n\n", "compose.yaml: the file is empty")]
    [InlineData("services: { web: { command: x, volumes: ['/a:'] } }", "compose.yaml:1:42: 'volumes' has '/a:'")]
    public void Bad_YAML_is_refused_in_its_place(string text, string told) =>
        Assert.StartsWith(told, Assert.Single(Yaml.Errors(text)).ToString());

    [Fact]
    public void What_is_not_UTF8_is_refused_at_its_first_bad_byte()
    {
        byte[] bytes = [.. "name: a\n# é"u8, 0xFF, .. "\n"u8];
        var (spec, problems) = Yaml.Read(bytes, "f");
        Assert.Null(spec);
        Assert.Equal("f:2:4: this is not UTF-8. save the file as UTF-8.", Assert.Single(problems).ToString());
    }

    [Fact]
    public void A_byte_order_mark_and_Windows_line_ends_are_fine() =>
        Assert.Equal("a", Yaml.Spec("\uFEFFname: a\r\nservices:\r\n  web:\r\n    command: x\r\n").Name);

    [Fact]
    public void Anchors_and_merge_keys_are_honoured()
    {
        var spec = Yaml.Spec(
            """
            x-common: &common
              command: serve
              environment: &env { A: "1", B: "1" }
            x-more: &more { stop_signal: SIGINT, stop_grace_period: 1s }
            services:
              web: { <<: [*common, *more], stop_grace_period: 2s }
              api: { <<: *common, environment: { <<: *env, B: "2" } }
            """);
        var (api, web) = (spec.Services[0], spec.Services[1]);
        Assert.Equal(["serve"], web.Command);
        Assert.Equal(("SIGINT", TimeSpan.FromSeconds(2)), (web.StopSignal, web.StopGracePeriod));
        Assert.Equal([new Variable("A", "1"), new Variable("B", "2")], api.Environment);
    }

    [Fact]
    public void A_quoted_null_or_number_is_text() => Assert.Equal(
        [new("A", "null"), new("B", "08"), new("C", "~")],
        Yaml.Web("environment: { A: 'null', B: 08, C: !!str ~ }").Environment);

    [Fact]
    public void An_alias_bomb_is_refused()
    {
        var text = new StringBuilder("x-0: &l0 [a, a, a, a, a, a, a, a, a, a]\n");
        for (var level = 1; level < 12; level++)
            text.Append($"x-{level}: &l{level} [{string.Join(", ", Enumerable.Repeat($"*l{level - 1}", 10))}]\n");
        var error = Assert.Single(Yaml.Errors(text + Web));
        Assert.Contains("more than 1000000 values", error.What);
    }

    [Fact]
    public void A_merge_bomb_is_refused()
    {
        var wide = string.Join(", ", Enumerable.Range(0, 10_000).Select(n => $"k{n}: 1"));
        var text = $"x-0: &m {{ {wide} }}\nx-1:\n" + string.Concat(Enumerable.Repeat("  - { <<: *m }\n", 1000));
        Assert.Contains(Yaml.Errors(text + Web), error => error.What.Contains("more than 1000000 values"));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Deep_nesting_is_refused(string opening)
    {
        var text = "x-deep: " + (opening is "- " or "? " ? "\n  " : "") + string.Concat(
            Enumerable.Repeat(opening, 50_000));
        Assert.Contains(Yaml.Errors(text), error => error.What.Contains("nested more than 100 levels"));
    }

    [Fact]
    public void A_file_is_found_by_its_default_names_in_their_order()
    {
        var folder = Directory.CreateTempSubdirectory("tangram-compose-").FullName;
        try
        {
            Assert.Null(ComposeFile.Find(folder));
            File.WriteAllText(Path.Combine(folder, "docker-compose.yml"), Web);
            Assert.EndsWith("docker-compose.yml", ComposeFile.Find(folder));
            File.WriteAllText(Path.Combine(folder, "compose.yaml"), "name: found\n" + Web);
            Assert.Equal("found", ComposeFile.Load(new([ComposeFile.Find(folder)!]), _ => null).Spec!.Name);
            File.WriteAllBytes(Path.Combine(folder, "big"), new byte[ComposeFile.MostBytes + 1]);
            Assert.Equal("big: the file has more than 10 MB", What(folder, "big"));
            Assert.Equal("none: there is no such file", What(folder, "none"));
            Assert.Equal(": this is a folder", What(folder, ""));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string What(string folder, string name)
    {
        var answer = ComposeFile.Load(new([Path.Combine(folder, name)]), _ => null);
        Assert.Null(answer.Spec);
        return $"{name}: {Assert.Single(answer.Problems).What}";
    }
}
