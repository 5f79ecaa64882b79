namespace Tangram.Tests.Tidy;

/// <summary>docs/guarantees.md is a table of what was measured, made from the files in docs/guarantees. A row without
/// the command that repeats it is a boast.</summary>
public sealed class GuaranteeTests
{
    [Fact]
    public void Every_guarantee_has_a_command_that_exists_and_a_dated_figure()
    {
        var table = GuaranteeTable.OfTheRepository();
        Assert.True(table.Rows.Count() > 80, $"{table.Rows.Count()} rows");
        Findings.None(table.Problems);
        Findings.None(table.Rows.GroupBy(row => row.Promise).Where(same => same.Count() > 1)
            .Select(same => $"two rows promise: {same.Key}"));
    }

    [Fact]
    public void The_page_is_what_the_files_make()
    {
        var (table, page) = (GuaranteeTable.OfTheRepository(), SourceFile.Of(GuaranteeTable.Path).Text);
        if (Environment.GetEnvironmentVariable("TANGRAM_RECORD") == "1")
        {
            Findings.None(table.Disputed(page).Select(row => $"change it in its file, not in the page: {row.Cells()}"));
            foreach (var (file, row) in table.Strays(page))
                File.AppendAllText(Path.Combine(Repository.Root, file), "\n" + row.Yaml());
            page = new GuaranteeTable(Directory.GetFiles(Path.Combine(Repository.Root, GuaranteeTable.Folder), "*.yaml")
                .Select(path => new SourceFile(path, File.ReadAllText(path)))).Markdown();
            File.WriteAllText(Path.Combine(Repository.Root, GuaranteeTable.Path), page);
            return;
        }
        Assert.True(page == table.Markdown(), $"{GuaranteeTable.Path} is not what {GuaranteeTable.Folder} makes: " +
            "TANGRAM_RECORD=1 dotnet test -c Release --project test/Tangram.Tests --filter-class \"*GuaranteeTests\" " +
            "writes it, and moves rows that were added to the page into the files");
    }

    [Fact]
    public void What_is_wrong_with_a_row_is_told_with_its_place()
    {
        var table = new GuaranteeTable([new SourceFile("docs/guarantees/1-x.yaml", """
            title: X
            rows:
              - promise: it holds
                goal: always
                command: dotnet test --project test/Tangram.Tests --filter-class "*NoSuchTests"
                figures: ["2026-13-29: fine"]
                broken: none tried
              - { promise: "a | b", goal: g, command: "true", figure: f }
            """)]);
        Assert.Collection(table.Problems.Order(StringComparer.Ordinal),
            p => Assert.Contains(":3:5: `dotnet test --project test/Tangram.Tests --filter-class \"*NoSuchTests\"`: " +
                "there is no NoSuchTests", p),
            p => Assert.Contains(":3:5: a figure begins with the day", p),
            p => Assert.Contains("'figure' is no key of a row", p),
            p => Assert.Contains(":8:5: 'promise' would break the table", p),
            p => Assert.Contains(":8:5: `true` names no test class", p),
            p => Assert.Contains(":8:5: the row has no broken", p),
            p => Assert.Contains(":8:5: the row has no figures", p));
    }

    [Fact]
    public void A_row_that_was_added_to_the_page_goes_into_the_file_of_its_area()
    {
        var table = GuaranteeTable.OfTheRepository();
        const string command = "dotnet test --project test/Tangram.ClusterTests --filter-class \"*.HedgeTests\"";
        var stray = Assert.Single(table.Strays(table.Markdown() +
            $"| A hedge | none late | `{command}` | 2026-11-29: none |"));
        Assert.EndsWith("-routing.yaml", stray.File);
        // One that a file has with another figure is for people to settle
        var known = table.Rows.First();
        var four = string.Join(" | ", known.Promise, known.Goal, $"`{known.Commands[0]}`", "2026-11-30: other");
        Assert.Equal(known.Promise, Assert.Single(table.Disputed($"| {four} |")).Promise);
        Assert.Empty(table.Disputed(table.Markdown()));
        var read = new GuaranteeTable([new SourceFile("1-x.yaml", "title: X\nrows:\n" + stray.Row.Yaml())]);
        Assert.Empty(read.Problems);
        Assert.Equal(stray.Row.Cells(), Assert.Single(read.Rows).Cells());
        Assert.Contains("| [HedgeTests](../test/Tangram.ClusterTests/Routing/HedgeTests.cs) |", stray.Row.Cells());
    }
}
