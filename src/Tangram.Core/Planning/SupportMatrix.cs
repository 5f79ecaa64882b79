using System.Text;

namespace Tangram.Planning;

/// <summary>Prints <c>docs/compose.md</c> from the table that the reader itself follows.</summary>
public static class SupportMatrix
{
    private const string Introduction =
        """
        # The Compose file: what is honoured

        *This page is printed from the table that the reader follows; a test holds them together.*

        Every key is honoured, or refused with file, line, column and a remedy. None is ignored silently, except that
        keys which start with `x-` and are not `x-tangram` are passed over, as Compose asks. All problems of a file are
        told at once, and what runs stays as it is.

        - **A service is a plain process.** It listens on the port in `PORT`, which differs from replica to replica, and
          finds the service `stock` at the URL in `TANGRAM_URL_STOCK`. A program that takes its port as an argument is
          started by a shell: `command: [sh, -c, 'exec app --port $$PORT']`.
        - **Variables are not replaced yet.** `$$` stands for a dollar; `$NAME` and `${NAME}` are refused.
        - **Durations** are written `500ms`, `10s`, `1m30s` (units us, ms, s, m, h, d). **Sizes** are bytes, or have a
          unit of 1024: `64k`, `256M`, `2gb`.
        - **Relative paths** start at the file's folder.
        - Anchors, aliases and merge keys (`<<`) work. A file has one document, at most 10 MB, at most 100 levels and,
          with its aliases written out, at most a million values.

        """;

    public static string Text()
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        foreach (var section in Sections.All)
        {
            text.Append($"\n## {section.Title}\n\n");
            text.Append("| key | honoured | |\n|---|---|---|\n");
            foreach (var key in section.Keys)
                text.Append($"| `{key.Name}` | {(key.Honoured ? "yes" : "no")} | {Cell(key.Note)} |\n");
        }
        return text.ToString();
    }

    private static string Cell(string note) =>
        note.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
