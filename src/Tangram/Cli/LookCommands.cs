using System.CommandLine;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>The commands that look and change nothing: status, why.</summary>
internal static class LookCommands
{
    public static Command Status(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var command = new Command("status", "Says whether the cluster is ready: services, nodes, gateways, rollout")
        {
            file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var status = await client.LookAsync<StatusView>("/v1/status", cancellation);
            if (parsed.GetValue(json)) context.PrintJson(status);
            else StatusText.Write(status, context.Around);
        }));
        return command;
    }

    public static Command Why(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var subject = new Argument<string?>("X")
        {
            Arity = ArgumentArity.ZeroOrOne, Description = "A replica, a service or a node; without it, the cluster",
        };
        var command = new Command("why", "Explains why a replica, a service, a node or the cluster is as it is")
        {
            subject, file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var path = parsed.GetValue(subject) is { } x ? "/v1/why/" + Uri.EscapeDataString(x) : "/v1/why";
            var why = await client.LookAsync<WhyView>(path, cancellation);
            if (parsed.GetValue(json))
            {
                context.PrintJson(why);
                return;
            }
            foreach (var sentence in why.Sentences) context.Around.Print(sentence);
            if (why.Events.Count > 0) context.Around.Print("\nWhat happened to it last:");
            foreach (var e in why.Events) context.Around.Print("  " + context.Shown(e));
        }));
        return command;
    }
}
