using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

/// <summary>docs/routes.md says nothing that the reader does not take.</summary>
public sealed partial class RoutesPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "routes.md"));

    private static string[] Blocks => [.. Block().Matches(Page).Select(match => match.Groups[1].Value)];

    [Fact]
    public void Every_example_is_sound() => Assert.All(Blocks, text =>
    {
        var (spec, problems) = Yaml.Read(text);
        Assert.True(spec is not null, string.Join('\n', problems) + "\n" + text);
        Assert.DoesNotContain(problems, problem => problem.Severity == Severity.Error);
    });

    [Fact]
    public void Every_key_of_a_route_is_shown_or_named()
    {
        var keys = Sections.All.Where(section => section.Title.StartsWith("x-tangram.route", StringComparison.Ordinal)
            || section.Title == "x-tangram.gateway.routes").SelectMany(section => section.Keys);
        Assert.True(Blocks.Length >= 8);
        Assert.All(keys, key => Assert.Matches($@"\b{key.Name}\b", Page));
    }

    [GeneratedRegex("^```yaml\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
