namespace Tangram.Cli;

/// <summary>What a command's exit code tells a script.</summary>
internal static class Exit
{
    public const int Done = 0, Failed = 1, Arguments = 2, NoCluster = 3;
}

/// <summary>Ends a command with a sentence on standard error, what, on what, why it matters, what to do, and an exit
/// code.</summary>
internal sealed class CommandFailure(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static CommandFailure Arguments(string message) => new(Exit.Arguments, message);
    public static CommandFailure NoCluster(string message) => new(Exit.NoCluster, message);
}
