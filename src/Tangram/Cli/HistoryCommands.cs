using System.CommandLine;
using System.Globalization;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>The commands about revisions: history, diff.</summary>
internal static class HistoryCommands
{
    /// <summary>A value that is longer is cut; --json has the whole.</summary>
    private const int Shown = 60;

    /// <summary>By which the contents of configs and secrets are told apart; nothing to read.</summary>
    private const string Print = ".print";

    public static Command History(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var command = new Command("history", "Lists the revisions that are kept, newest first, and what each changed")
        {
            file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var history = await client.GetAsync<HistoryView[]>("/v1/history", cancellation);
            if (parsed.GetValue(json))
            {
                context.PrintJson(history);
                return;
            }
            var table = new Table("REVISION", "WHEN", "REPLACES", "STATE", "CHANGED", "ORIGIN")
            {
                Yields = ["ORIGIN", "CHANGED"],
            };
            foreach (var r in history)
                table.Add(Text(r.Revision), context.Shown(r.At), r.Replaces > 0 ? Text(r.Replaces) : "-",
                    r.State.Length > 0 ? r.State : "-", r.Changed.Count > 0 ? string.Join(", ", r.Changed) : "-",
                    r.Origin);
            table.Write(context.Around);
        }));
        return command;
    }

    public static Command Diff(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var (envFile, profile) = (CommandContext.EnvFileOption(), CommandContext.ProfileOption());
        var revisions = new Argument<int[]>("REVISION")
        {
            Description = "Two revisions; or one, compared with the one in force; none: from that one to the file",
            Arity = new ArgumentArity(0, 2),
        };
        var command =
            new Command("diff", "Says what differs between two revisions, or between the cluster and the file")
        {
            revisions, file, envFile, profile, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var changes = parsed.GetValue(revisions) switch
            {
                [var one] => await BetweenAsync(Text(one), "now"),
                [var one, var two] => await BetweenAsync(Text(one), Text(two)),
                _ => await ToFileAsync(),
            };
            if (parsed.GetValue(json)) context.PrintJson(changes);
            else if (changes.Length == 0) context.Around.Print("nothing differs");
            else foreach (var change in changes) context.Around.Print(Words(change));
            return Exit.Done;

            async Task<ChangeView[]> BetweenAsync(string before, string after)
            {
                using var client = new ClusterClient(context.Finder.Find(parsed.GetValue(file)));
                return await client.GetAsync<ChangeView[]>($"/v1/diff/{before}/{after}", cancellation);
            }

            async Task<ChangeView[]> ToFileAsync()
            {
                var spec = context.Finder.Read(context.Finder.RequestOf(
                    parsed.GetValue(file), parsed.GetValue(envFile), parsed.GetValue(profile)));
                using var client = new ClusterClient(context.Finder.Named(spec.Name));
                return ViewJson.Read<ChangeView[]>(
                    await client.SendAsync(HttpMethod.Post, "/v1/diff", Json.Write(spec), cancellation));
            }
        });
        return command;
    }

    private static string Words(ChangeView change) => change switch
    {
        { Before: not null, After: not null } when change.Path.EndsWith(Print, StringComparison.Ordinal) =>
            $"~ {change.Path[..^Print.Length]}: changed",
        { Before: null } => $"+ {change.Path}: {Short(change.After!)}",
        { After: null } => $"- {change.Path}: {Short(change.Before)}",
        _ => $"~ {change.Path}: {Short(change.Before)} -> {Short(change.After)}",
    };

    private static string Short(string value) => value.Length <= Shown ? value : value[..Shown] + "...";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
