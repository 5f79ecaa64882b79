using System.Text;
using Tangram.Model;
using Tangram.Planning.Designing;

namespace Tangram.Tests.Planning;

/// <summary>Reads a Compose file from a string, as if it were /srv/shop/compose.yaml.</summary>
internal static class Yaml
{
    public static (ClusterSpec? Spec, EquatableArray<Problem> Problems) Read(string text) =>
        Read(Encoding.UTF8.GetBytes(text));

    public static (ClusterSpec? Spec, EquatableArray<Problem> Problems) Read(byte[] bytes, string file = "compose.yaml")
    {
        var files = new MemoryFiles { Files = { [Path.GetFullPath(file, "/srv/shop")] = bytes } };
        var answer = files.Read([file]);
        return (answer.Spec, answer.Problems);
    }

    public static EquatableArray<DesignFinding> Design(string text)
    {
        var answer = new MemoryFiles { ["compose.yaml"] = text }.Read(["compose.yaml"]);
        Assert.True(answer.Spec is not null, string.Join('\n', answer.Problems));
        return answer.Design;
    }

    public static ClusterSpec Spec(string text)
    {
        var (spec, problems) = Read(text);
        Assert.True(spec is not null, string.Join('\n', problems));
        return spec!;
    }

    /// <summary>The service <c>web</c>, whose command and given lines are its body.</summary>
    public static ServiceSpec Web(params string[] lines) =>
        Spec(WebFile(lines)).Find(ServiceName.Of("web"))!;

    /// <summary>The lines start in line 4, column 5.</summary>
    public static string WebFile(params string[] lines) =>
        "services:\n  web:\n    command: [serve]\n" + string.Concat(lines.Select(line => $"    {line}\n"));

    public static Problem[] Errors(string text) =>
        [.. Read(text).Problems.Where(problem => problem.Severity == Severity.Error)];

    public static Problem[] WebErrors(params string[] lines) => Errors(WebFile(lines));

    /// <summary>The only error of the service <c>web</c>, as the author sees it.</summary>
    public static string WebError(params string[] lines) => Assert.Single(WebErrors(lines)).ToString();
}
