using System.CommandLine;
using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Prints what replicas wrote. It reads the files, so it works without a daemon.</summary>
internal static class LogsCommand
{
    private static readonly TimeSpan LookForNew = TimeSpan.FromSeconds(1);

    public static Command Make(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var subjects = new Argument<string[]>("SERVICE|REPLICA")
        {
            Description = "Whose output (default: everyone's)", Arity = ArgumentArity.ZeroOrMore,
        };
        var follow = new Option<bool>("--follow") { Description = "Go on as more is written, also by new replicas" };
        var tail = new Option<int?>("--tail") { Description = "Only the last N lines of each replica", HelpName = "N" };
        var since = CommandContext.DurationOption("--since", "Only what was written in this time, to the second");
        var grep = GrepOption();
        var command = new Command("logs", "Prints what replicas wrote, each line with its replica's name")
        {
            subjects, file, follow, tail, since, grep, json,
        };
        tail.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 0) result.AddError("--tail takes 0 or more");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var place = context.Finder.Find(parsed.GetValue(file));
            var folder = place.Folder ?? Path.GetDirectoryName(place.Address);
            if (folder is null || place.Address.StartsWith("http", StringComparison.Ordinal))
                throw CommandFailure.Arguments("logs are read from this machine's files, and TANGRAM_HOST is a URL. " +
                                               "Run it on the machine of the cluster");
            var choice = new Choice(Path.Combine(folder, "logs"), parsed.GetValue(subjects) ?? [],
                parsed.GetValue(since) is { } time ? context.Around.Clock.GetUtcNow() - time : null);
            var printer = new LogPrinter(context.Around, parsed.GetValue(grep), parsed.GetValue(json));
            await PrintAsync(context, choice, printer, parsed.GetValue(tail), parsed.GetValue(follow), cancellation);
            return Exit.Done;
        });
        return command;
    }

    private sealed record Choice(string Folder, string[] Subjects, DateTimeOffset? Since);

    private static Option<Regex?> GrepOption() => new("--grep")
    {
        Description = "Only lines in which this regular expression matches; of those that --tail and --since leave",
        HelpName = "REGEX",
        CustomParser = result =>
        {
            try
            {
                // In time proportional to the line, whatever the expression.
                return new Regex(result.Tokens[0].Value, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                result.AddError($"'{result.Tokens[0].Value}' after --grep is not a regular expression: {e.Message}");
                return null;
            }
        },
    };

    private static async Task PrintAsync(CommandContext context, Choice choice, LogPrinter printer, int? tail,
        bool follow, CancellationToken cancellation)
    {
        var found = Replicas(choice);
        if (found.Count == 0 && !follow)
            throw CommandFailure.Arguments(choice switch
            {
                { Since: not null } => "nothing was written in this time. `tangram logs` without --since shows all",
                { Subjects: [] } => $"no replica has written anything: there are no logs in {choice.Folder}",
                _ => $"there is no log of {string.Join(", ", choice.Subjects)} in {choice.Folder}. " +
                     "`tangram ps` lists the names",
            });
        printer.Align(found);
        if (!follow)
        {
            foreach (var replica in found) await CopyAsync(replica, tail);
            return;
        }
        var copying = new Dictionary<ReplicaName, Task>();
        while (true)
        {
            // Those that appear later are shown from their first line on.
            var first = copying.Count == 0;
            foreach (var replica in Replicas(choice))
                if (!copying.ContainsKey(replica)) copying[replica] = CopyAsync(replica, first ? tail : null);
            foreach (var ended in copying.Values.Where(task => task.IsFaulted)) await ended;
            await context.Around.PauseAsync(LookForNew, cancellation);
        }

        async Task CopyAsync(ReplicaName replica, int? last)
        {
            var request = new LogRequest(choice.Folder, replica, last, follow, choice.Since);
            await foreach (var line in context.Entrances.ReadLog(request, cancellation).WithCancellation(cancellation))
                printer.Print(replica, line);
        }
    }

    private static List<ReplicaName> Replicas(Choice choice)
    {
        if (!Directory.Exists(choice.Folder)) return [];
        var since = choice.Since ?? DateTimeOffset.MinValue;
        return [.. new DirectoryInfo(choice.Folder).EnumerateFiles("*.log")
            .Where(log => log.LastWriteTimeUtc >= since.UtcDateTime)
            .Select(log => Path.GetFileNameWithoutExtension(log.Name))
            .Where(name => Names.IsValid(name)
                && (choice.Subjects.Length == 0 || choice.Subjects.Any(s => IsOf(name, s))))
            .Select(ReplicaName.Of).Order()];
    }

    // order-3 is a replica of order; order-lite-3 is not.
    private static bool IsOf(string replica, string subject) => replica == subject
        || (replica.LastIndexOf('-') is > 0 and var cut && replica[..cut] == subject);
}
