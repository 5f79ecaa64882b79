using System.CommandLine;
using System.Globalization;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>The commands that look and change nothing: ps, status, events, why.</summary>
internal static class LookCommands
{
    public static Command Ps(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var services = new Argument<string[]>("SERVICE")
        {
            Description = "Only these services", Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("ps", "Lists the replicas: where each one runs and how it is")
        {
            services, file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var all = await client.GetAsync<ReplicaView[]>("/v1/ps", cancellation);
            var wanted = parsed.GetValue(services) ?? [];
            if (wanted.Length > 0) all = [.. all.Where(r => wanted.Contains(r.Service))];
            if (parsed.GetValue(json)) context.PrintJson(all);
            else ReplicaTable(all).Write(context.Around.Out);
        }));
        return command;
    }

    public static Command Status(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var command = new Command("status", "Says whether the cluster is ready: services, nodes, gateways, rollout")
        {
            file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var status = await client.GetAsync<StatusView>("/v1/status", cancellation);
            if (parsed.GetValue(json)) context.PrintJson(status);
            else StatusText.Write(status, context.Around);
        }));
        return command;
    }

    public static Command Events(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var follow = new Option<bool>("--follow")
        {
            Description = "Go on as events happen; with --json, one line each",
        };
        var command = new Command("events", "Lists what happened, oldest first: the last 1,000 events")
        {
            file, json, follow,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var events = await client.GetAsync<EventView[]>("/v1/events?after=0", cancellation);
            var following = parsed.GetValue(follow);
            if (parsed.GetValue(json) && !following) context.PrintJson(events);
            else Print(events);
            while (following)
            {
                var after = events is [.., var last] ? last.Number : 0;
                var next = await client.GetAsync<EventView[]>($"/v1/events?after={after}&wait=25", cancellation);
                if (next.Length > 0) Print(events = next);
            }

            void Print(EventView[] some)
            {
                foreach (var e in some)
                    context.Around.Print(parsed.GetValue(json) ? ViewJson.Write(e) : context.Shown(e));
            }
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
            var why = await client.GetAsync<WhyView>(path, cancellation);
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

    private static Table ReplicaTable(IEnumerable<ReplicaView> replicas)
    {
        var table = new Table("REPLICA", "NODE", "ZONE", "STATE", "REVISION", "RESTARTS", "PID", "PORT", "BECAUSE");
        foreach (var r in replicas)
            table.Add(r.Replica, r.Node, r.Zone ?? "-", r.State, Text(r.Revision), Text(r.Restarts), Text(r.Pid),
                Text(r.Port), r.State == "ready" ? "" : r.Because);
        return table;
    }

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
