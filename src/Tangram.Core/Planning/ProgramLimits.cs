using System.Text;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What the kernel lets a program be given, so that the file is refused and not each start of its
/// replicas.</summary>
internal static class ProgramLimits
{
    /// <summary>MAX_ARG_STRLEN, with its closing NUL.</summary>
    private const int LongestText = 131_072 - 1;

    /// <summary>A quarter of the usual stack of 8 MB is the kernel's limit; the rest is for the variables that Tangram
    /// sets and for what each text costs.</summary>
    private const int LongestTogether = 1_500_000;

    public static void Check(ServiceSpec spec, Fields fields, ProblemList problems)
    {
        var together = 0L;
        foreach (var (key, text) in Texts(spec))
        {
            var bytes = Encoding.UTF8.GetByteCount(text);
            together += bytes;
            if (bytes > LongestText)
                problems.Error(fields.PlaceOf(key), $"'{key}' holds {Quoted.Of(text)}, which has {bytes} bytes, and " +
                    $"the kernel takes {LongestText} in one", "give the program a file instead");
        }
        if (together > LongestTogether)
            problems.Error(fields.PlaceOf("environment"), $"its arguments and variables have {together} bytes, and " +
                $"the most is {LongestTogether}", "give the program a file instead");
    }

    private static IEnumerable<(string Key, string Text)> Texts(ServiceSpec spec) =>
        spec.Entrypoint.Select(word => ("entrypoint", word)).Concat(spec.Command.Select(word => ("command", word)))
            .Concat(spec.Environment.Select(variable => ("environment", $"{variable.Name}={variable.Value}")));
}
