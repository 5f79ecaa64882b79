using System.Text;
using Tangram.Planning;

namespace Tangram.Tests.Tidy;

/// <summary>docs/guarantees.md, as the files in docs/guarantees make it.</summary>
internal sealed class GuaranteeTable
{
    public const string Path = "docs/guarantees.md", Folder = "docs/guarantees/";

    private readonly List<(string File, string Title, List<GuaranteeRow> Rows)> _areas = [];
    private readonly string _before = "", _after = "";

    public GuaranteeTable(IEnumerable<SourceFile> files)
    {
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            var found = new ProblemList();
            var map = YamlTree.Parse(file.Text, file.Path, found) as Tree.Map;
            Problems.AddRange(found.InOrder().Select(problem => problem.ToString()));
            string Text(string key) => (Of(map, key) as Tree.Scalar)?.Text ?? "";
            if (file.Path.EndsWith("/table.yaml", StringComparison.Ordinal))
                (_before, _after) = (Text("before"), Text("after"));
            else if (Text("title") is not { Length: > 0 } title || Of(map, "rows") is not Tree.List rows)
                Problems.Add($"{file}: expected title and rows");
            else
                _areas.Add((file.Path, title, [.. rows.Items.Select(row => GuaranteeRow.Read(row, Problems))
                    .OfType<GuaranteeRow>()]));
        }
    }

    public static GuaranteeTable OfTheRepository() => new(SourceFile.All
        .Where(file => file.Path.StartsWith(Folder, StringComparison.Ordinal) && file.Path.EndsWith(".yaml")));

    /// <summary>Each with its file and line.</summary>
    public List<string> Problems { get; } = [];

    public IEnumerable<GuaranteeRow> Rows => _areas.SelectMany(area => area.Rows);

    public string Markdown()
    {
        var text = new StringBuilder(_before.TrimEnd()).Append('\n');
        foreach (var (_, title, rows) in _areas)
        {
            text.Append($"\n## {title}\n\n| promise | goal | checked by | command | figure | broken on purpose |\n")
                .Append("|---|---|---|---|---|---|\n");
            foreach (var row in rows) text.Append(row.Cells()).Append('\n');
        }
        return text.Append('\n').Append(_after.TrimEnd()).Append('\n').ToString();
    }

    /// <summary>Rows of four cells that stand in the page and come from no file, and the file that each belongs
    /// to.</summary>
    public IEnumerable<(string File, GuaranteeRow Row)> Strays(string page) =>
        from row in OfFour(page)
        where Rows.All(known => known.Promise != row.Promise)
        select (FileOf(row), row);

    /// <summary>Rows of four cells whose promise a file has with other words or figures.</summary>
    public IEnumerable<GuaranteeRow> Disputed(string page) =>
        from row in OfFour(page)
        from known in Rows
        where known.Promise == row.Promise && (known with { Broken = row.Broken }).Cells() != row.Cells()
        select row;

    private static IEnumerable<GuaranteeRow> OfFour(string page) =>
        from line in page.Split('\n')
        where line.StartsWith("| ", StringComparison.Ordinal)
        let cells = line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)
        where cells is [not ("what" or "promise"), _, ['`', ..], _]
        select new GuaranteeRow(cells[0], cells[1], cells[2].Trim('`').Split("` and `"), [cells[3]],
            [GuaranteeRow.NoneTried]);

    private string FileOf(GuaranteeRow row)
    {
        var area = GuaranteeCheck.Folder(row.Commands[0]);
        var files = _areas.Select(known => known.File).ToList();
        return files.Find(file => file.EndsWith($"-{area}.yaml", StringComparison.Ordinal)) ?? files[^1];
    }

    private static Tree? Of(Tree.Map? map, string key) =>
        map?.Entries.FirstOrDefault(entry => entry.Key.Text == key)?.Value;
}
