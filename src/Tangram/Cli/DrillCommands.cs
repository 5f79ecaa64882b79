using System.CommandLine;
using Tangram.Model;
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
        var (atMost, (injectors, tls)) = (AtMost(), Reach());
        var regardless = new Option<bool>("--regardless")
        {
            Description = "Hold it although the cluster's error budget is spent",
        };
        var history = new Option<bool>("--history")
        {
            Description = "List the drills that were held on the cluster, all or those of this name",
        };
        var report = new Option<string?>("--report")
        {
            Description = "Write the result as a page with charts, such as drill.html; it needs no other file",
            HelpName = "FILE",
        };
        var command = new Command("drill", "Breaks things on a running cluster under load, and says whether it held")
        {
            drill, print, seed, rate, url, regardless, atMost, history, report, injectors, tls, file, json,
        };
        command.SetAction((parsed, cancellation) => context.Entrances.Drill(new DrillRequest(
            parsed.GetValue(drill), parsed.GetValue(print), () => context.Finder.Find(parsed.GetValue(file)),
            parsed.GetValue(seed), parsed.GetValue(rate), parsed.GetValue(url), parsed.GetValue(json),
            Regardless: parsed.GetValue(regardless))
            {
                History = parsed.GetValue(history), Report = parsed.GetValue(report),
                AtMost = parsed.GetValue(atMost) ?? BlastRadius.Cluster,
                Injectors = parsed.GetValue(injectors)!,
                Tls = parsed.GetValue(tls) is { } folder
                    ? Path.GetFullPath(folder, context.Around.WorkingFolder) : null,
            }, context.Around, cancellation));
        return command;
    }

    private static Option<BlastRadius?> AtMost()
    {
        var atMost = new Option<BlastRadius?>("--at-most")
        {
            Description = "Refuse a drill that strikes more than a replica, node or zone, and draw faults within it",
            HelpName = "replica|node|zone|cluster",
            CustomParser = result =>
            {
                foreach (var radius in Enum.GetValues<BlastRadius>())
                    if (radius.ToString().ToLowerInvariant() == result.Tokens[0].Value) return radius;
                result.AddError($"'{result.Tokens[0].Value}' after --at-most is none of replica, node, zone and " +
                    "cluster");
                return null;
            },
        };
        atMost.CompletionSources.Add("replica", "node", "zone", "cluster");
        return atMost;
    }

    /// <summary>The machines that may be broken.</summary>
    private static (Option<string[]> Injectors, Option<string?> Tls) Reach()
    {
        var injectors = new Option<string[]>("--injector")
        {
            Description = "On several machines: every `tangram injector`; run it on a server",
            HelpName = "HOST:PORT,…",
            CustomParser = RoleCommands.Listed, DefaultValueFactory = _ => [],
            AllowMultipleArgumentsPerToken = true,
        };
        var tls = new Option<string?>("--tls")
        {
            Description = "The folder that `tangram ca issue` made for this machine, a server", HelpName = "DIR",
        };
        return (injectors, tls);
    }

    /// <summary>Hidden; a drill starts it.</summary>
    public static Command Holder(CommandContext context)
    {
        var (name, socket, folder) = (new Argument<string>("NAME"), new Argument<string>("SOCKET"),
            new Argument<string>("FOLDER"));
        // Given on one machine of several, even when none is named.
        var stores = new Argument<string?>("STORES") { Arity = ArgumentArity.ZeroOrOne };
        var watches = new Option<bool>(FaultWatch.Option) { Description = "Mends should the holder be killed" };
        var command = new Command(FaultHolder.Command, "Holds the faults of a drill")
        {
            name, socket, folder, stores, watches,
        };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => context.Entrances.Drill(new DrillRequest(
            null, false, () => throw new InvalidOperationException(), null, null, null, false,
            new FaultPlace(parsed.GetValue(name)!, parsed.GetValue(socket)!, parsed.GetValue(folder)!)
            {
                Stores = parsed.GetValue(stores)?.Split(',', StringSplitOptions.RemoveEmptyEntries),
            }) { Watches = parsed.GetValue(watches) }, context.Around, cancellation));
        return command;
    }
}
