using System.CommandLine;
using Tangram.Proving.Faults;

namespace Tangram.Cli;

/// <summary>drill: only what is typed; the work is behind <see cref="Entrances"/>.</summary>
internal static class DrillCommands
{
    public static Command Drill(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        json.Description = "Print the result as JSON, and nothing else";
        var drill = new Argument<string?>("DRILL")
        {
            Description = "A ready drill, or a drill's file; none: list the ready ones",
            Arity = ArgumentArity.ZeroOrOne, HelpName = "DRILL",
        };
        drill.CompletionSources.Add(_ => Proving.Drills.DrillFiles.Ready.Select(
            name => new System.CommandLine.Completions.CompletionItem(name)));
        var print = new Option<bool>("--print") { Description = "Print a ready drill's file, to be changed" };
        var seed = new Option<ulong?>("--seed")
        {
            Description = "Repeats what was left to chance", HelpName = "N",
        };
        var rate = new Option<double?>("--rate")
        {
            Description = "Requests per second, in place of the drill's own", HelpName = "R",
        };
        var url = new Option<Uri?>("--url")
        {
            Description = "What to ask for, in place of the drill's own", HelpName = "URL",
            CustomParser = result => LoadCommand.Url(result.Tokens[0].Value, result),
        };
        var regardless = new Option<bool>("--regardless")
        {
            Description = "Hold it although the cluster's error budget is spent",
        };
        var command = new Command("drill", "Breaks things on a running cluster under load, and says whether it held")
        {
            drill, print, seed, rate, url, regardless, file, json,
        };
        command.SetAction((parsed, cancellation) => context.Entrances.Drill(new DrillRequest(
            parsed.GetValue(drill), parsed.GetValue(print), () => context.Finder.Find(parsed.GetValue(file)),
            parsed.GetValue(seed), parsed.GetValue(rate), parsed.GetValue(url), parsed.GetValue(json),
            Regardless: parsed.GetValue(regardless)), context.Around, cancellation));
        return command;
    }

    /// <summary>Hidden; a drill starts it.</summary>
    public static Command Holder(CommandContext context)
    {
        var (name, socket, folder) = (new Argument<string>("NAME"), new Argument<string>("SOCKET"),
            new Argument<string>("FOLDER"));
        var watches = new Option<bool>(FaultWatch.Option) { Description = "Mends should the holder be killed" };
        var command = new Command(FaultHolder.Command, "Holds the faults of a drill")
        {
            name, socket, folder, watches,
        };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => context.Entrances.Drill(new DrillRequest(
            null, false, () => throw new InvalidOperationException(), null, null, null, false,
            new FaultPlace(parsed.GetValue(name)!, parsed.GetValue(socket)!, parsed.GetValue(folder)!),
            Watches: parsed.GetValue(watches)), context.Around, cancellation));
        return command;
    }
}
