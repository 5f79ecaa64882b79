using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Lists the replicas, once or as they change.</summary>
internal sealed class PsCommand(CommandContext context, string[] services)
{
    public static Command Make(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var services = new Argument<string[]>("SERVICE")
        {
            Description = "Only these services", Arity = ArgumentArity.ZeroOrMore,
        };
        var watch = new Option<bool>("--watch", "-w")
        {
            Description = "Go on as they change: q ends it; piped, one line for each change; with --json, the API's " +
                "snapshot and deltas, one line each",
        };
        var command = new Command("ps", "Lists the replicas: where each one runs and how it is")
        {
            services, file, watch, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var ps = new PsCommand(context, parsed.GetValue(services) ?? []);
            var place = context.Finder.Find(parsed.GetValue(file));
            if (!parsed.GetValue(watch))
                await ps.ListAsync(place, parsed.GetValue(json), cancellation);
            else if (parsed.GetValue(json))
                await ps.WatchAsync(place, (item, _, _) => context.Around.Print(item.Data), cancellation);
            else if (context.Around.Screen)
            {
                var screen = new FullScreen(context.Around);
                await screen.RunAsync(end => ps.WatchAsync(place, (_, _, now) => screen.Draw(ps.Page(now)), end),
                    cancellation);
            }
            else await ps.WatchAsync(place, (_, before, now) => ps.PrintChanges(before, now), cancellation);
            return Exit.Done;
        });
        return command;
    }

    private async Task ListAsync(ClusterPlace place, bool json, CancellationToken cancellation)
    {
        using var client = new ClusterClient(place);
        var all = Wanted(await client.LookAsync<ReplicaView[]>("/v1/ps", cancellation));
        if (json) context.PrintJson(all);
        else TableOf(all).Write(context.Around);
        context.WarnThatItIsOld(client);
    }

    /// <summary>Calls with each event, the view before it (null: there was none) and the view after it.</summary>
    private async Task WatchAsync(ClusterPlace place, Action<SseItem<string>, ClusterView?, ClusterView> seen,
        CancellationToken cancellation)
    {
        var away = new DaemonAway(context.Around);
        ClusterView? view = null;
        string? cursor = null;
        while (true)
        {
            try
            {
                using var client = new ClusterClient(place.Name is { } name ? context.Finder.Named(name) : place);
                await foreach (var item in client.WatchAsync(cursor, cancellation))
                {
                    away.Back();
                    var next = item.EventType == "snapshot" || view is null
                        ? ViewJson.Read<ClusterView>(item.Data)
                        : Delta.Apply(view, ViewJson.Read<DeltaView>(item.Data));
                    seen(item, view, next);
                    (view, cursor) = (next, item.EventId);
                }
                throw CommandFailure.NoCluster("the daemon went away");
            }
            catch (CommandFailure e) when (e.ExitCode == Exit.NoCluster && view is not null)
            {
                await away.BearAsync(e, cancellation);
            }
        }
    }

    private string Page(ClusterView view)
    {
        var page = new StringWriter();
        page.WriteLine(Fitted($"{StatusText.Head(view.Head)}   (q ends)"));
        if (view.Head.Stale is { } stale) page.WriteLine(Fitted($"the store does not answer: {stale.Because}"));
        page.WriteLine();
        TableOf(Wanted(view.Replicas)).Write(page, context.Around.Width, context.Around.Colour);
        return page.ToString();
    }

    private void PrintChanges(ClusterView? before, ClusterView now)
    {
        if (before is null)
        {
            TableOf(Wanted(now.Replicas)).Write(context.Around);
            return;
        }
        if (before.Head != now.Head) context.Around.Print(StatusText.Head(now.Head));
        var delta = Delta.Between(before, now);
        foreach (var r in Wanted(delta.Replicas))
            context.Around.Print($"{r.Replica}: {r.State} on {r.Node}" + (r.Because == "" ? "" : $" ({r.Because})")
                + (r.Asked is null ? "" : $" [{r.Asked}]"));
        var gone = delta.ReplicasGone.ToHashSet();
        foreach (var r in Wanted(before.Replicas.Where(r => gone.Contains(r.Replica))))
            context.Around.Print($"{r.Replica}: gone");
    }

    private ReplicaView[] Wanted(IEnumerable<ReplicaView> all) =>
        [.. all.Where(r => services.Length == 0 || services.Contains(r.Service))
            .OrderBy(r => ReplicaName.Of(r.Replica))];

    private string Fitted(string line) => CellText.Cut(line, context.Around.Width ?? int.MaxValue);

    private static Table TableOf(IEnumerable<ReplicaView> replicas)
    {
        var table = new Table("REPLICA", "NODE", "ZONE", "STATE", "REVISION", "RESTARTS", "PID", "PORT", "BECAUSE")
        {
            Yields = ["BECAUSE", "ZONE", "PORT", "PID", "RESTARTS", "REVISION"],
        };
        foreach (var r in replicas)
            table.Add(r.Replica, r.Node, r.Zone ?? "-", r.State, Text(r.Revision), Text(r.Restarts), Text(r.Pid),
                Text(r.Port), r.State == "ready" ? r.Asked ?? "" : r.Because);
        return table;
    }

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
