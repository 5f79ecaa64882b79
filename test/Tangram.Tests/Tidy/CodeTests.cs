using System.Text.RegularExpressions;

namespace Tangram.Tests.Tidy;

public sealed partial class CodeTests
{
    private const int LongestFile = 400, LongestMethod = 60, LongestLine = 120;

    // In two halves, so that this file does not find itself.
    private static readonly string[] Unfinished =
        ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "Not" + "ImplementedException"];
    private static readonly string[] Naps = ["Thread." + "Sleep"];

    [Fact]
    public void A_file_is_not_longer_than_400_lines() => Findings.None(
        from file in SourceFile.CSharp
        where file.Lines.Length - 1 > LongestFile
        select $"{file}: {file.Lines.Length - 1} lines");

    [Fact]
    public void A_line_is_not_longer_than_120_columns() => Findings.None(
        from file in SourceFile.CSharp
        from line in file.Where(text => text.Length > LongestLine)
        select $"{file}:{line.Number}: {line.Text.Length} columns");

    [Fact]
    public void A_method_is_not_longer_than_60_lines() => Findings.None(
        from file in SourceFile.CSharp
        from block in Block.In(file)
        where !block.DeclaresAType && block.Length > LongestMethod
        select $"{file}:{block.FirstLine}: {block.Length} lines: {block.Header}");

    [Fact]
    public void Nothing_is_left_to_do() => Findings.None(
        from file in SourceFile.All
        where !file.Path.EndsWith(".md")
        from line in file.Where(text => Unfinished.Any(word => text.Contains(word, StringComparison.Ordinal)))
        select $"{file}:{line.Number}: {line.Text.Trim()}");

    [Fact]
    public void Nothing_sleeps() => Findings.None(
        from file in SourceFile.CSharp
        from line in file.Where(text => Naps.Any(text.Contains) || DelayByTheNumber().IsMatch(text))
        select $"{file}:{line.Number}: {line.Text.Trim()}");

    [Fact]
    public void A_delay_in_the_product_takes_a_time_provider() => Findings.None(
        from file in SourceFile.CSharp
        where file.Path.StartsWith("src/")
        from line in file.Where(text => DelayWithoutClock().IsMatch(text))
        select $"{file}:{line.Number}: {line.Text.Trim()}");

    [Fact]
    public void A_name_says_what_a_type_is_and_not_that_it_is_something() => Findings.None(
        from file in SourceFile.CSharp
        from line in file.Where(text => VagueType().IsMatch(text))
        select $"{file}:{line.Number}: {line.Text.Trim()}");

    [Fact]
    public void A_namespace_is_its_folder() => Findings.None(
        from file in SourceFile.CSharp
        where file.Path.StartsWith("src/") && file.Path.Count(c => c == '/') > 2
        let folder = string.Join('.', file.Path.Split('/')[2..^1])
        where !file.Lines.Contains($"namespace Tangram.{folder};")
        select $"{file}: expected 'namespace Tangram.{folder};'");

    [GeneratedRegex(@"Task\.Delay\(\s*\d")]
    private static partial Regex DelayByTheNumber();

    [GeneratedRegex(@"Task\.Delay\((?!.*\b_?(time|clock|TimeProvider)\b)", RegexOptions.IgnoreCase)]
    private static partial Regex DelayWithoutClock();

    [GeneratedRegex(@"^\s*(?!//)[\w\s]*\b(class|struct|interface|enum|record)\s+" +
                    @"\w*(Manager|Helpers?|Utils?|Utility|Processor|Data|Info|Base|Impl)\b(?!\.)")]
    private static partial Regex VagueType();
}
