using Tangram.Model;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class DataTableTests
{
    private static readonly DataSpec Csv = new() { File = "users.csv" };

    private static DataTable Read(DataSpec spec, string text) =>
        DataTable.Read(spec, text, out var line, out var wrong) ?? throw new ArgumentException($"{line}: {wrong}");

    private static string Shown(DataTable table) =>
        string.Join(';', table.Rows.Select(row => string.Join('|', row)));

    [Fact]
    public void Csv_is_read_as_rfc_4180_has_it()
    {
        var table = Read(Csv, "\uFEFFname, text\r\na,\"b,\"\"c\"\"\nd\"\r\n\r\ne,\r\nf,g");
        Assert.Equal(["name", "text"], table.Columns);
        Assert.Equal("a|b,\"c\"\nd;e|;f|g", Shown(table));
    }

    [Fact]
    public void Names_may_be_given_and_the_first_line_skipped()
    {
        Assert.Equal("a|b;c|d", Shown(Read(Csv with { Columns = ["x", "y"], Separator = ';' }, "a;b\nc;d\n")));
        Assert.Equal("c|d", Shown(Read(Csv with { Columns = ["x", "y"], SkipsFirst = true }, "a,b\nc,d\n")));
        Assert.Equal("a|b", Shown(Read(Csv with { Columns = ["x", "y"], Separator = '\t' }, "a\tb")));
    }

    [Fact]
    public void Json_lines_give_a_column_for_every_name()
    {
        var table = Read(new DataSpec { File = "u.jsonl" }, "{\"id\": 1}\n\n{\"id\": \"x\", \"more\": [1]}\n");
        Assert.Equal(["id", "more"], table.Columns);
        Assert.Equal("1;x|[1]", Shown(table));
    }

    [Theory]
    [InlineData("users.csv", "a,b\n1,\"2\n3", "2: a quote is opened here and not closed")]
    [InlineData("users.csv", "a,a\n1,2", "1: a column has no name")]
    [InlineData("users.csv", "a,b\n", "there is no row")]
    [InlineData("users.jsonl", "{}\n[]", "2: this line is not a JSON object")]
    [InlineData("users.jsonl", "{}\n{", "2: this line is not JSON")]
    public void What_is_wrong_is_told_with_its_line(string file, string text, string why)
    {
        Assert.Null(DataTable.Read(new DataSpec { File = file }, text, out var line, out var wrong));
        Assert.Contains(why, $"{line}: {wrong}");
    }

    [Fact]
    public void Rows_are_given_in_turn_or_at_random_by_a_seed_and_may_come_to_an_end()
    {
        var table = Read(Csv, "n\n0\n1\n2\n");
        Assert.Equal("0120", Taken(Csv, 4));
        Assert.Equal("012-", Taken(Csv with { EndsUsers = true }, 4));
        var random = Taken(Csv with { Seed = 5 }, 300);
        Assert.Equal(random, Taken(Csv with { Seed = 5 }, 300));
        Assert.All("012", digit => Assert.InRange(random.Count(c => c == digit), 60, 140));

        string Taken(DataSpec spec, int count) => string.Concat(
            Enumerable.Range(0, count).Select(i => table.Row(spec, i) is { } row ? row[0] : "-"));
    }

    [Fact]
    public void Whatever_a_seed_makes_is_read_or_refused()
    {
        string[] pieces = ["\"", "\"\"", ",", "\n", "\r\n", "\r", "a", " ", "{", "}", "{\"a\":1}", "\uFEFF", "\0"];
        for (var seed = 1UL; seed <= 20_000; seed++)
        {
            var rng = new Rng(seed);
            var text = string.Concat(Enumerable.Range(0, rng.Next(15)).Select(_ => pieces[rng.Next(pieces.Length)]));
            var spec = new DataSpec
            {
                File = rng.Chance(0.3) ? "a.jsonl" : "a.csv", Columns = rng.Chance(0.3) ? ["x"] : null,
                SkipsFirst = rng.Chance(0.3),
            };
            try
            {
                var table = DataTable.Read(spec, text, out var line, out var wrong);
                if (table is null) Assert.NotEmpty(wrong);
                else Assert.NotEmpty(table.Rows);
                Assert.InRange(line, 1, text.Length + 2);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {text}: {e}");
            }
        }
    }
}
