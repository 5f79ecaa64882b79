using System.Text;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>docs/strictness.md: the tables that the tests follow, as a page. With TANGRAM_RECORD=1 it is written
/// anew.</summary>
public sealed class StrictnessPageTests
{
    private const string Opening =
        """
        # Strictness

        *This page is printed from the table that the tests follow, row by row; a test holds them together.*

        What the gateway does with messages that are malformed, or that two readers could read in two ways (RFC 9110,
        9112, 9113). For each row a test sends the bytes to a real gateway, compares the answer, and reads what a
        backend got with a reader that knows only the plainest form: one `Host`, one length or `chunked`, CR LF, no
        control characters, no trailers. Whatever else goes on would fail the test. Where a connection goes on, a
        second request must be answered.

        Repeat it with `dotnet test -c Release --project test/Tangram.ClusterTests --filter-namespace "*Strictness"`.
        How long and how slow messages may be is set by `x-tangram.gateway.limits` ([keys](compose.md)).

        What falls short of the standard's wish, and of no requirement: extensions of chunks are dropped, whatever
        their length in all; an HTTP/2 request whose `:authority` and `host` differ goes on with `:authority` alone;
        who ends its half of a connection of HTTP/1.1 is taken to be gone, unless the answer comes within 100 ms.

        """;

    [Fact]
    public void The_page_is_what_the_tests_follow()
    {
        var page = Path.Combine(Repository.Root, "docs", "strictness.md");
        var text = Text();
        if (Environment.GetEnvironmentVariable("TANGRAM_RECORD") == "1") File.WriteAllText(page, text);
        Assert.Equal(text, File.ReadAllText(page));
    }

    [Fact]
    public void No_two_rows_have_one_name()
    {
        var names = Http1StrictnessTests.Table.SelectMany(part => part.Rows).Select(row => row.Name).ToList();
        Assert.Equal(names.Distinct(), names);
        names = [.. Http2StrictnessTests.Table.SelectMany(part => part.Rows).Select(row => row.Name)];
        Assert.Equal(names.Distinct(), names);
    }

    private static string Text()
    {
        var text = new StringBuilder(Opening);
        text.Append("\n## HTTP/1.1\n");
        foreach (var (title, rows) in Http1StrictnessTests.Table)
            Part(text, title, rows.Select(row => (row.Name, row.Rfc, row.Required, row.Does())));
        text.Append("\n## HTTP/2\n");
        foreach (var (title, rows) in Http2StrictnessTests.Table)
            Part(text, title, rows.Select(row =>
                (row.Name, row.Rfc.Contains(' ') ? row.Rfc : $"9113 {row.Rfc}", row.Required, row.Does())));
        Part(text, "Floods", FloodTests.Table.Select(row => (row.Name, row.Rfc, "may be treated as a connection error",
            row.Ends ? "the connection ends; others are answered"
                : "is borne or ended, in bounded memory; others are answered")));
        return text.ToString();
    }

    private static void Part(
        StringBuilder text, string title, IEnumerable<(string Name, string Rfc, string Required, string Does)> rows)
    {
        text.Append($"\n### {title}\n\n| message | RFC | required | the gateway |\n|---|---|---|---|\n");
        foreach (var (name, rfc, required, does) in rows)
            text.Append($"| {Cell(name)} | {rfc} | {Cell(required)} | {Cell(does)} |\n");
    }

    /// <summary>What a page cannot show is left out of it.</summary>
    private static string Cell(string text) =>
        string.Concat(text.Select(c => c is < ' ' or >= '\u007f' ? '\u00b7' : c)).Replace("|", "\\|");
}
