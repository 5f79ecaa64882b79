using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>A replica is started behind a gate: a shell that waits for one line on its input and then becomes the
/// program. While it waits, its record is written and its cgroup entered. If we die first, the shell reads the end of
/// its input and ends, and the program never ran.</summary>
internal static class Gate
{
    public const string Shell = "/bin/sh";

    /// <summary>The exit code of a gate that was never opened.</summary>
    public const int NeverOpened = 125;

    /// <summary>A program that cannot be executed ends with 126 or 127 and a sentence on its error output.</summary>
    public const string Script = "read -r go || exit 125\nexec \"$@\" </dev/null";

    /// <summary>Of a job the shell stays and writes down how the program ended: we may be away then, and what has done
    /// its work must not do it again. What is meant for the program goes to the whole group; the shell passes it over,
    /// to live longer than the program.</summary>
    public const string JobScript = """
        read -r go || exit 125
        trap : HUP INT QUIT USR1 USR2 ALRM TERM
        file=$1 start=$2
        shift 2
        "$@" </dev/null
        code=$?
        echo "$start $code" > "$file.part" && mv "$file.part" "$file"
        exit $code
        """;

    /// <summary>As <see cref="Before"/>, for a job: how start number <paramref name="start"/> ended is written to
    /// <paramref name="file"/>.</summary>
    public static (IReadOnlyList<string> Argv, IReadOnlyList<Variable> Environment) BeforeJob(
        string name, IReadOnlyList<string> command, IReadOnlyList<Variable> environment, string file, int start)
    {
        var (argv, passed) = Wrap(JobScript, name, command, environment);
        string[] told = [file, start.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        return ([.. argv.Take(4), .. told, .. argv.Skip(4)], passed);
    }

    /// <summary>What to spawn in place of <paramref name="command"/>. <paramref name="name"/> begins the shell's own
    /// error messages.</summary>
    public static (IReadOnlyList<string> Argv, IReadOnlyList<Variable> Environment) Before(
        string name, IReadOnlyList<string> command, IReadOnlyList<Variable> environment) =>
        Wrap(Script, name, command, environment);

    /// <summary>The same without the waiting, for what needs no record.</summary>
    public static (IReadOnlyList<string> Argv, IReadOnlyList<Variable> Environment) Unguarded(
        string name, IReadOnlyList<string> command, IReadOnlyList<Variable> environment) =>
        Wrap("exec \"$@\"", name, command, environment);

    // Shells drop variables whose names are no identifiers, such as discovery.type: these go through env, which hands
    // them on.
    private static (IReadOnlyList<string>, IReadOnlyList<Variable>) Wrap(
        string script, string name, IReadOnlyList<string> command, IReadOnlyList<Variable> environment)
    {
        var odd = environment.Where(variable => !IsIdentifier(variable.Name)).ToList();
        IEnumerable<string> viaEnv = odd.Count == 0 ? [] : ["env", .. odd.Select(v => $"{v.Name}={v.Value}")];
        return ([Shell, "-c", script, name, .. viaEnv, .. command], [.. environment.Except(odd)]);
    }

    private static bool IsIdentifier(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
