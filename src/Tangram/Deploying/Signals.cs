namespace Tangram.Deploying;

/// <summary>Signal numbers by the names that Compose uses (x64 and arm64 Linux).</summary>
internal static class Signals
{
    private static readonly string[] Known =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary><c>SIGTERM</c>, <c>TERM</c>, <c>15</c> or <c>SIGRTMIN+3</c>; null when it is none of them.</summary>
    public static int? Number(string name)
    {
        if (int.TryParse(name, out var number)) return number is > 0 and <= 64 ? number : null;
        var bare = name.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? name[3..] : name;
        if (bare.StartsWith("RTMIN", StringComparison.OrdinalIgnoreCase))
        {
            var offset = 0;
            return bare.Length == 5 || int.TryParse(bare.AsSpan(5), out offset) && offset is >= 0 and <= 30
                ? 34 + offset
                : null;
        }
        var index = Array.FindIndex(Known, known => known.Equals(bare, StringComparison.OrdinalIgnoreCase));
        return index > 0 ? index : null;
    }

    public static string Name(int number) =>
        number > 0 && number < Known.Length ? "SIG" + Known[number] : $"signal {number}";
}
