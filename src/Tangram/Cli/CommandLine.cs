using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Reflection;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Cli;

/// <summary>The command line: which commands there are, and how each ends.</summary>
internal static class CommandLine
{
    public static string Version => typeof(CommandLine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Parses, runs and returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, Surroundings around, Entrances entrances)
    {
        // No @file arguments: a name may begin with @.
        var parsed = Tree(new CommandContext(around, entrances), args.FirstOrDefault())
            .Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var errors = parsed.Errors.Select(e => e.Message).Concat(MistypedOptions(parsed)).ToList();
        if (errors.Count > 0 && (parsed.Errors.Count == 0 || parsed.Action is null or ParseErrorAction))
        {
            foreach (var error in errors) around.PrintError($"tangram: {error}");
            around.PrintError($"See `{Named(parsed.CommandResult.Command)} --help`.");
            return Exit.Arguments;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // `up` has its own order of stopping; everything else may just be ended.
                ProcessTerminationTimeout = null,
                Output = around.Out,
                Error = around.Error,
            });
        }
        catch (CommandFailure e)
        {
            around.PrintError(e.Message);
            return e.ExitCode;
        }
        // These carry a whole sentence; a stack trace would hide it.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TrustException
            or StoreConnectionException or StoreFileException)
        {
            around.PrintError(e.Message);
            return Exit.Failed;
        }
    }

    /// <summary>The commands as they stand in help. Making one costs time, and a look needs only itself.</summary>
    private static readonly (string Name, Func<CommandContext, Command> Make)[] Commands =
    [
        ("up", UpCommand.Make), ("plan", FileCommands.Plan), ("deploy", DeployCommand.Deploy),
        ("ps", PsCommand.Make), ("top", TopCommand.Make), ("routes", RoutesCommand.Make),
        ("status", LookCommands.Status),
        ("events", EventsCommand.Make), ("logs", LogsCommand.Make), ("why", LookCommands.Why),
        ("config", FileCommands.Config), ("history", HistoryCommands.History), ("diff", HistoryCommands.Diff),
        ("jobs", JobCommands.List), ("run", JobCommands.Run),
        ("scale", ActCommands.Scale), ("rollback", DeployCommand.Rollback),
        ("drain", ActCommands.Drain), ("undrain", ActCommands.Undrain),
        ("backend", BackendCommand.Make),
        ("kill", ActCommands.Kill), ("revive", ActCommands.Revive), ("down", ActCommands.Down),
        ("server", RoleCommands.Server), ("agent", RoleCommands.Agent), ("gateway", RoleCommands.Gateway),
        ("injector", RoleCommands.Injector),
        ("ca", CaCommands.Make), ("load", LoadCommand.Make), ("drill", DrillCommands.Drill),
        ("prove", ProveCommand.Make),
        ("simulate", SimulateCommand.Make), (Proving.Faults.FaultHolder.Command, DrillCommands.Holder),
        (Proving.Spreading.LoadPartProcess.Command, LoadCommand.Part),
        ("doctor", DoctorCommand.Make), ("completion", CompletionCommand.Make), ("api", ApiCommand.Make),
        ("version", VersionCommand),
    ];

    /// <param name="only">The first word typed: when it names a command, that one alone is made.</param>
    internal static RootCommand Tree(CommandContext context, string? only = null)
    {
        var root = new RootCommand("Turns one machine into a highly available cluster, from one Compose file.");
        var all = !Array.Exists(Commands, command => command.Name == only);
        foreach (var command in Commands)
            if (all || command.Name == only) root.Add(command.Make(context));
        root.HelpName = "tangram";
        foreach (var option in root.Options)
            if (option is HelpOption { Action: HelpAction help })
                option.Action = new HelpWithExamples(help, context.Around.Out);
        return root;
    }

    private static Command VersionCommand(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var command = new Command("version", "Prints the version") { json };
        command.SetAction(parsed => context.Around.Print(parsed.GetValue(json)
            ? $$"""{"version": "{{Version}}"}"""
            : $"tangram {Version}"));
        return command;
    }

    // A list of names would take a mistyped option for one of them; no name begins with a dash.
    // A dash alone is standard input.
    private static IEnumerable<string> MistypedOptions(ParseResult parsed) =>
        from argument in parsed.CommandResult.Children.OfType<ArgumentResult>()
        from token in argument.Tokens
        where token.Value is ['-', _, ..] && parsed.Action == parsed.CommandResult.Command.Action
        select $"There is no option '{token.Value}'.";

    private static string Named(Command command) =>
        command is RootCommand ? "tangram" : $"{Named(Above(command))} {command.Name}";

    private static Command Above(Command command) => command.Parents.OfType<Command>().First();

    private sealed class HelpWithExamples(HelpAction help, TextWriter to) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parsed)
        {
            var code = help.Invoke(parsed);
            var command = parsed.CommandResult.Command;
            // The commands of a group share its examples.
            while (command is not RootCommand && Above(command) is not RootCommand) command = Above(command);
            if (!Examples.Of.TryGetValue(command is RootCommand ? "" : command.Name, out var examples)) return code;
            to.WriteLine("Examples:");
            foreach (var line in examples) to.WriteLine("  " + line);
            to.WriteLine();
            return code;
        }
    }
}
