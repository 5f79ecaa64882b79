using System.Text;

namespace Tangram.Planning;

/// <summary>Prints <c>docs/compose.md</c> from the table that the reader itself follows.</summary>
public static class SupportMatrix
{
    private const string Introduction =
        """
        # The Compose file: what is honoured

        *This page is printed from the table that the reader follows; a test holds them together.*

        Every key is honoured; or passed over with a warning, where that does no harm; or refused with file, line,
        column and a remedy. None is ignored silently, except that keys which start with `x-` and are not `x-tangram`
        are passed over, as Compose asks. All problems are told at once, and what runs stays as it is.

        - **A service is a plain process.** It listens on the port in `PORT`, which differs from replica to replica, and
          finds the service `stock` at the URL in `TANGRAM_URL_STOCK`. A program that takes its port as an argument is
          started by a shell: `command: [sh, -c, 'exec app --port $$PORT']`.
        - **Variables** are replaced in values: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?what is missing}`,
          `${NAME:+instead}`, the same without the colon, and one within the other. They are the environment's, else
          those of `.env` beside the file (or of `--env-file`). `$$` stands for a dollar.
        - **Several files**: `-f a.yaml -f b.yaml` (or COMPOSE_FILE) lays the later over the earlier. Maps are merged
          and lists appended; `command`, `entrypoint`, `healthcheck.test`
          and the lists of x-tangram are replaced; of ports,
          volumes, secrets and configs the same one is replaced. `!reset` takes away, `!override` replaces. `extends`
          and `include` bring in other files, whose relative paths start at their own folders.
        - **Profiles**: a service with `profiles` runs when one of them is active, by `--profile` or COMPOSE_PROFILES.
        - `tangram config` prints what came of it all; read again, that file means the same.
        - **Routes** say which requests come to a service and what becomes of them: see [routes](routes.md).
        - **Zones**: which one gets how much, and what becomes of requests when one is slow or no backend is left: see
          [zones](zones.md).
        - **Durations** are written `500ms`, `10s`, `1m30s` (units us, ms, s, m, h, d). **Sizes** are bytes, or have a
          unit of 1024: `64k`, `256M`, `2gb`.
        - **Relative paths** start at the file's folder.
        - **Configs, secrets and volumes** are told to a process by variables, since nothing is mounted: see
          [what a process is given](given.md).
        - **Networks** of containers mean nothing to processes, which share their machine's: names are checked,
          `internal` is refused, and the rest is passed over with a warning.
        - **The tables** say of each key whether a process has it; whether a service with an image will, once those
          run (until then `image` is refused); how it differs with [many machines](many-machines.md); and what it takes,
          or what to write instead.
        - [In an editor](completion.md#in-an-editor) the keys of `x-tangram` are completed by a JSON Schema.
        - Anchors, aliases and merge keys (`<<`) work. A file has one document.

        ## Limits

        A file that goes beyond one of these is refused with its place and what to do, within seconds and in little
        memory; nothing is changed by it.

        | what | at most |
        |---|---|
        | a Compose file, or a file of variables (`.env`, `env_file`) | 10 MB of UTF-8 without control characters |
        | the content of a config, of a secret; of all together | 1 MB, 0.5 MB; 8 MB |
        | files that are named with `-f`; that are included | 1,000; 200 |
        | levels of lists and maps within each other | 100 |
        | services that extend each other in a chain; variables in the defaults of variables | 50 |
        | values and keys of all the files, with aliases, `extends` and `env_file` written out | 1,000,000 |
        | their text, with variables replaced | 20,000,000 characters |
        | one argument or variable of a program; all of them | 131,071 bytes; 1,500,000 bytes |
        | replicas of a service; of all services | 100,000; 200,000 |
        | a pipe or a device that stands for a file, all of a command's together | 30 s to come to its end |
        | errors that are told, and as many warnings | 20,000 |

        """;

    public static string Text()
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        foreach (var section in Sections.All)
        {
            text.Append($"\n## {section.Title}\n\n");
            text.Append("| key | process | container (later) | many machines | |\n|---|---|---|---|---|\n");
            foreach (var key in section.Keys)
                text.Append($"| `{key.Name}` | {Word(key.Support)} | {Word(key.Container)} | " +
                            $"{(key.Support == Support.Refused ? "" : key.Machines)} | {Cell(key.Note)} |\n");
        }
        return text.ToString();
    }

    private static string Word(Support support) => support switch
    {
        Support.Honoured => "yes",
        Support.PassedOver => "passed over",
        _ => "no",
    };

    private static string Cell(string note) =>
        note.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
