using System.Text.RegularExpressions;

namespace Tangram.Tests.Tidy;

/// <summary>Documents rot unless a test holds them.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Hosts =   // in two halves, so that this file does not find itself
    [
        "nuget" + ".org", "npmjs" + ".org", "pypi" + ".org", "crates" + ".io", "proxy.golang" + ".org", "ghcr" + ".io",
        "quay" + ".io", "docker" + ".io", "mcr.microsoft" + ".com", "deb.debian" + ".org", "pkgs.dev.azure" + ".com",
    ];

    private static readonly HashSet<string> Types = Known(
        typeof(Model.ClusterSpec).Assembly.GetTypes().Concat(System.Reflection.Assembly.Load("tangram").GetTypes()));

    /// <summary>Names of the platform that our documents mention.</summary>
    private static readonly HashSet<string> Platform =
        ["TimeProvider", "TimeSpan", "DateTimeOffset", "Task", "Interlocked", "HttpClient", "SocketsHttpHandler"];

    [Fact]
    public void Every_type_that_a_document_names_exists() => Findings.None(
        from file in SourceFile.Documents
        where file.Path is "ARCHITECTURE.md" or "docs/vocabulary.md" || file.Path.StartsWith("src/")
        from line in Prose(file)
        from Match match in Code().Matches(line.Text)
        let name = match.Groups[1].Value
        where LooksLikeAType().IsMatch(name) && !Types.Contains(name) && !Platform.Contains(name)
        select $"{file}:{line.Number}: there is no type `{name}`");

    [Fact]
    public void Every_relative_link_leads_somewhere() => Findings.None(
        from file in SourceFile.Documents
        from line in Prose(file)
        from Match match in Link().Matches(line.Text)
        let target = match.Groups[1].Value.Split('#')[0]
        where target != "" && !target.Contains("://") && !target.StartsWith("mailto:")
        let folder = Path.GetDirectoryName(file.Path) ?? ""
        where !SourceFile.Exists(Path.Combine(folder, target))
        select $"{file}:{line.Number}: {target} does not exist");

    [Fact]
    public void No_file_names_a_registry() => Findings.None(
        from file in SourceFile.All
        from line in file.Where(text => Hosts.Any(text.Contains))
        select $"{file}:{line.Number}: {line.Text.Trim()}");

    [Fact]
    public void The_map_is_shorter_than_200_lines() => Assert.True(SourceFile.Of("ARCHITECTURE.md").Lines.Length < 200);

    [Fact]
    public void The_Chinese_README_is_in_step()
    {
        var (english, chinese) = (SourceFile.Of("README.md"), SourceFile.Of("README.zh-CN.md"));
        Assert.Equal(Headings(english), Headings(chinese));
        Assert.Equal(CodeBlocks(english), CodeBlocks(chinese));
        Assert.Equal(Links(english), Links(chinese));
    }

    [Fact]
    public void Every_piece_in_Core_explains_itself() => Findings.None(
        from file in SourceFile.CSharp
        where file.Path.StartsWith("src/Tangram.Core/") && file.Path.Count(c => c == '/') == 3
        let folder = Path.GetDirectoryName(file.Path)!
        where !SourceFile.Exists($"{folder}/README.md")
        group file by folder into missing
        select $"{missing.Key}/README.md does not exist");

    [Fact]
    public void Every_package_has_its_reason() => Assert.Equal(
        Names(Package(), SourceFile.Of("Directory.Packages.props")),
        Names(Row(), SourceFile.Of("docs/decisions/0001-dependencies.md")));

    private static string[] Names(Regex pattern, SourceFile file) =>
        pattern.Matches(file.Text).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal).ToArray();

    /// <summary>The lines that stand outside fenced code.</summary>
    private static IEnumerable<(int Number, string Text)> Prose(SourceFile file)
    {
        var fenced = false;
        for (var i = 0; i < file.Lines.Length; i++)
        {
            if (file.Lines[i].StartsWith("```")) fenced = !fenced;
            else if (!fenced) yield return (i + 1, file.Lines[i]);
        }
    }

    /// <summary>The depth of each heading, in order.</summary>
    private static int[] Headings(SourceFile file) => Prose(file)
        .Where(line => line.Text.StartsWith('#'))
        .Select(line => line.Text.TakeWhile(c => c == '#').Count())
        .ToArray();

    private static string[] CodeBlocks(SourceFile file) =>
        FencedCode().Matches(file.Text).Select(match => match.Value).ToArray();

    /// <summary>Sorted, because the two languages may order a sentence differently.</summary>
    private static string[] Links(SourceFile file) => Prose(file)
        .SelectMany(line => Link().Matches(line.Text).Select(match => match.Groups[1].Value))
        .Where(link => !link.StartsWith("README"))
        .Order(StringComparer.Ordinal).ToArray();

    /// <summary>Types by name, with each member as <c>Type.Member</c>, and the folders.</summary>
    private static HashSet<string> Known(IEnumerable<Type> types)
    {
        var known = new HashSet<string>();
        foreach (var type in types)
        {
            var name = type.Name.Split('`')[0];
            known.Add(name);
            if (type.Namespace is { } folder) known.Add(folder.Split('.')[^1]);
            if (type.DeclaringType is { } outer) known.Add($"{outer.Name}.{name}");
            foreach (var member in type.GetMembers()) known.Add($"{name}.{member.Name}");
        }
        return known;
    }

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex Package();

    [GeneratedRegex(@"^\| ([\w.]*[A-Z.][\w.]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^[A-Z][a-z]\w*(\.[A-Z]\w*)?$|^I[A-Z][a-z]\w*$")]
    private static partial Regex LooksLikeAType();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencedCode();
}
