using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

/// <summary>docs/zones.md says nothing that the reader does not take.</summary>
public sealed partial class ZonesPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "zones.md"));

    private static string[] Blocks => [.. Block().Matches(Page).Select(match => match.Groups[1].Value)];

    [Fact]
    public void Every_example_is_sound() => Assert.All(Blocks, text =>
    {
        var (spec, problems) = Yaml.Read(text);
        Assert.True(spec is not null, string.Join('\n', problems) + "\n" + text);
        Assert.DoesNotContain(problems, problem => problem.Severity == Severity.Error);
    });

    [Fact]
    public void Every_key_is_shown_or_named() => Assert.All(
        Sections.All.Where(section => section.Title.StartsWith("x-tangram.degrade", StringComparison.Ordinal))
            .SelectMany(section => section.Keys).Where(key => key.Name != "type"),
        key => Assert.Matches($@"\b{key.Name}\b", Page));

    [GeneratedRegex("^```yaml\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
