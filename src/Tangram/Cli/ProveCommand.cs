using System.CommandLine;
using System.CommandLine.Completions;
using Tangram.Model;
using Tangram.Proving.Drills;

namespace Tangram.Cli;

/// <summary>prove: only what is typed; the work is behind <see cref="Entrances"/>.</summary>
internal static class ProveCommand
{
    public static Command Make(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        json.Description = "Print the result as JSON, and nothing else";
        var only = Drills("--only", "Hold these drills alone");
        var except = Drills("--except", "Hold all but these drills");
        var budget = CommandContext.DurationOption("--budget", "Begin no drill that would end after this time");
        var seed = new Option<ulong?>("--seed")
        {
            Description = "Repeats what was left to chance", HelpName = "N",
        };
        var keepGoing = new Option<bool>("--keep-going")
        {
            Description = "Go on after a drill that was broken",
        };
        var regardless = new Option<bool>("--regardless")
        {
            Description = "Hold them although the cluster's error budget is spent",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be held, and break nothing" };
        var command = new Command("prove",
            "Holds every drill that shows something on the running cluster, and says which promises it kept")
        {
            only, except, budget, seed, keepGoing, regardless, dryRun, file, json,
        };
        command.SetAction((parsed, cancellation) => context.Entrances.Prove(new ProveRequest(
            () => context.Finder.Find(parsed.GetValue(file)), Names(parsed.GetValue(only)),
            Names(parsed.GetValue(except)), parsed.GetValue(budget), parsed.GetValue(seed),
            parsed.GetValue(keepGoing), parsed.GetValue(regardless), parsed.GetValue(dryRun),
            parsed.GetValue(json)), context.Around, cancellation));
        return command;
    }

    private static Option<string[]> Drills(string name, string description)
    {
        var option = new Option<string[]>(name)
        {
            Description = $"{description}; several with commas, or given again", HelpName = "DRILL",
        };
        option.CompletionSources.Add(_ => DrillFiles.Ready.Select(drill => new CompletionItem(drill)));
        return option;
    }

    private static EquatableArray<string> Names(string[]? typed) => (typed ?? [])
        .SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries)).Distinct().ToEquatableArray();
}
