using System.CommandLine;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>The commands that change what is asked for, or break something on purpose.</summary>
internal static class ActCommands
{
    public static Command Scale(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var wanted = new Argument<Scale[]>("SERVICE=N")
        {
            Description = "How many replicas each service shall have", Arity = ArgumentArity.OneOrMore,
            CustomParser = result =>
                [.. result.Tokens.Select(token => Parsed(token.Value, result.AddError)).OfType<Scale>()],
        };
        var command = new Command("scale", "Sets how many replicas services have, until the file changes the count")
        {
            wanted, file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
            Print(context, parsed.GetValue(json),
                await client.PostAsync("/v1/scale", ViewJson.Write(parsed.GetValue(wanted)!), cancellation))));
        return command;
    }

    public static Command Drain(CommandContext context) => OnNode(context, "drain",
        "Moves every replica away from a node, each replacement ready first, and places none there",
        "its replicas move, each replacement ready first: `tangram why {0}` says how many are left");

    public static Command Undrain(CommandContext context) =>
        OnNode(context, "undrain", "Lets a drained node take replicas again");

    public static Command Revive(CommandContext context) =>
        OnNode(context, "revive", "Brings a killed virtual node back");

    public static Command Kill(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var subject = new Argument<string>("NODE|REPLICA") { Description = "What to kill" };
        var time = CommandContext.DurationOption("--for",
            "Bring a node back after this time (default: `tangram revive` does)");
        var command = new Command("kill", "For practice: kills a replica, or silences a virtual node like a power loss")
        {
            subject, time, file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var path = "/v1/kill/" + Uri.EscapeDataString(parsed.GetValue(subject)!);
            if (parsed.GetValue(time) is { } given)
                path += FormattableString.Invariant($"?for={given.TotalMilliseconds:0}ms");
            Print(context, parsed.GetValue(json), await client.PostAsync(path, null, cancellation));
        }));
        return command;
    }

    public static Command Down(CommandContext context)
    {
        var file = CommandContext.FileOption();
        var volumes = new Option<bool>("--volumes", "-v")
        {
            Description = "Then remove its named volumes on this machine, with all that is in them",
        };
        var command = new Command("down", "Stops the cluster in order; also what a killed Tangram left")
        {
            file, volumes,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var place = context.Finder.Find(parsed.GetValue(file));
            var runs = place.Folder is null || ClusterFinder.Answers(place.Address);
            if (!runs && !Directory.Exists(place.Folder))
                throw CommandFailure.NoCluster($"'{place.Name}' does not run and has no state in {place.Folder}");
            var remove = parsed.GetValue(volumes);
            if (remove && place.Folder is null)
                throw new CommandFailure(Exit.Arguments,
                    "the volumes are on the cluster's machines: run this there, without TANGRAM_HOST");
            context.Around.Print(runs
                ? await DownAsync(context, place, cancellation)
                : await context.Entrances.DownWithoutDaemon(place.Folder!, cancellation));
            if (place.Folder is not { } folder) return Exit.Done;
            var kept = await context.Entrances.Volumes(folder, remove, cancellation);
            if (kept.Count > 0)
                context.Around.Print(remove ? $"removed the volumes {string.Join(", ", kept)}"
                    : $"kept the volumes {string.Join(", ", kept)}; `tangram down --volumes` removes them");
            return Exit.Done;
        });
        return command;
    }

    internal static void Print(CommandContext context, bool json, DoneView done)
    {
        if (json) context.PrintJson(done);
        else context.Around.Print(done.What);
    }

    private static async Task<string> DownAsync(CommandContext context, ClusterPlace place,
        CancellationToken cancellation)
    {
        using (var client = new ClusterClient(place)) await client.PostAsync("/v1/down", null, cancellation);
        // The daemon removes its socket last.
        while (place.Folder is not null && ClusterFinder.Answers(place.Address))
            await context.Around.PauseAsync(TimeSpan.FromMilliseconds(100), cancellation);
        return place.Folder is null ? "stopping" : "stopped";
    }

    /// <param name="next">What follows by itself, for people.</param>
    private static Command OnNode(CommandContext context, string name, string description, string? next = null)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var node = new Argument<string>("NODE") { Description = "As `tangram status` names it" };
        var command = new Command(name, description) { node, file, json };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var path = $"/v1/{name}/" + Uri.EscapeDataString(parsed.GetValue(node)!);
            Print(context, parsed.GetValue(json), await client.PostAsync(path, null, cancellation));
            if (next is not null && !parsed.GetValue(json))
                context.Around.Print(next.Replace("{0}", parsed.GetValue(node), StringComparison.Ordinal));
        }));
        return command;
    }

    private static Scale? Parsed(string text, Action<string> error)
    {
        var cut = text.IndexOf('=');
        if (cut > 0 && Names.IsValid(text[..cut]) && int.TryParse(text[(cut + 1)..], out var count) && count >= 0)
            return new Scale(ServiceName.Of(text[..cut]), count);
        error($"'{text}' is not SERVICE=N. Write for example order=6");
        return null;
    }
}
