using System.Diagnostics;

namespace Tangram.ClusterTests.Lab;

/// <summary>One short command of the system, run to its end.</summary>
internal static class Command
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>What it printed. Throws <see cref="InvalidOperationException"/> with that when it failed.</summary>
    public static string Run(string program, params IEnumerable<string> arguments) => Feed(program, "", arguments);

    /// <summary>The same, with <paramref name="text"/> as its standard input.</summary>
    public static string Feed(string program, string text, params IEnumerable<string> arguments)
    {
        var (code, printed) = Try(program, text, arguments);
        return code == 0
            ? printed
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {code}: {printed}\n{text}");
    }

    /// <summary>False when it failed, for what may be gone already.</summary>
    public static bool Tried(string program, params IEnumerable<string> arguments) =>
        Try(program, "", arguments).Code == 0;

    private static (int Code, string Printed) Try(string program, string text, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Needs.Program(program), arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        var printed = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        if (process.WaitForExit(Patience)) return (process.ExitCode, printed);
        process.Kill();
        throw new InvalidOperationException($"{program} did not end within {Patience.TotalSeconds} s: {printed}");
    }
}
