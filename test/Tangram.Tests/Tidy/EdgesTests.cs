using System.Text.RegularExpressions;

namespace Tangram.Tests.Tidy;

/// <summary>Who may know whom in Core: Model ← Coordinating ← {Planning, Routing, Observing} ← {Deploying, Recovering}
/// ← Proving.</summary>
public sealed partial class EdgesTests
{
    private static readonly string[][] Layers =
    [
        ["Model"], ["Coordinating"], ["Planning", "Routing", "Observing"], ["Deploying", "Recovering"], ["Proving"],
    ];

    [Fact]
    public void Knowledge_in_Core_points_one_way() => Findings.None(
        from file in SourceFile.CSharp
        where file.Path.StartsWith("src/Tangram.Core/") && file.Path.Count(c => c == '/') > 2
        let folder = file.Path.Split('/')[2]
        from line in file.Where(text => !text.TrimStart().StartsWith("//"))
        from Match match in Mention().Matches(line.Text)
        let other = match.Groups["folder"].Value
        where other != folder && Layer(other) >= Layer(folder)
        select $"{file}:{line.Number}: {folder} may not know {other}");

    [Fact]
    public void Core_has_only_the_folders_that_the_map_names() => Findings.None(
        from file in SourceFile.CSharp
        where file.Path.StartsWith("src/Tangram.Core/")
        let folder = file.Path.Split('/')[2]
        where !folder.EndsWith(".cs") && Layer(folder) < 0
        select $"{file}: {folder} is not a piece");

    private static int Layer(string folder) => Array.FindIndex(Layers, layer => layer.Contains(folder));

    [GeneratedRegex(@"(?<![\w.])(?:Tangram\.)?(?<folder>Model|Coordinating|Planning|Routing|Observing|Deploying|" +
                    @"Recovering|Proving)(?:\.[A-Z]|;)")]
    private static partial Regex Mention();
}
