using System.CommandLine;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Lists what happened, and follows what happens across restarts of the daemon: nothing is left out
/// silently.</summary>
internal sealed class EventsCommand(CommandContext context, ClusterPlace place, bool json)
{
    private readonly DaemonAway _away = new(context.Around);
    private EventView? _last;

    public static Command Make(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var follow = new Option<bool>("--follow")
        {
            Description = "Go on as events happen, also when the daemon is replaced; with --json, one line each",
        };
        var command = new Command("events", "Lists what happened, oldest first: the last 1,000 events")
        {
            file, json, follow,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var place = context.Finder.Find(parsed.GetValue(file));
            var (asJson, following) = (parsed.GetValue(json), parsed.GetValue(follow));
            EventView[] events;
            using (var client = new ClusterClient(place))
            {
                events = await client.GetAsync<EventView[]>("/v1/events?after=0", cancellation);
                context.WarnThatItIsOld(client);
            }
            if (asJson && !following)
            {
                context.PrintJson(events);
                return Exit.Done;
            }
            var command = new EventsCommand(context, place, asJson);
            command.Print(events);
            if (following) await command.FollowAsync(cancellation);
            return Exit.Done;
        });
        return command;
    }

    private async Task FollowAsync(CancellationToken cancellation)
    {
        var lost = false;
        while (true)
        {
            try
            {
                // The next daemon may have chosen another path for its socket.
                using var client = new ClusterClient(place.Name is { } name ? context.Finder.Named(name) : place);
                if (lost) CatchUp(await client.GetAsync<EventView[]>("/v1/events?after=0", cancellation));
                lost = false;
                _away.Back();
                while (true)
                {
                    var path = FormattableString.Invariant($"/v1/events?after={_last?.Number ?? 0}&wait=25");
                    Print(await client.GetAsync<EventView[]>(path, cancellation));
                }
            }
            catch (CommandFailure e) when (e.ExitCode == Exit.NoCluster)
            {
                lost = true;
                await _away.BearAsync(e, cancellation);
            }
        }
    }

    /// <summary>After the daemon was away: what was missed, or that it cannot be known.</summary>
    private void CatchUp(EventView[] remembered)
    {
        if (_last is { } last && Array.Find(remembered, e => e.Number == last.Number) is { } same && same != last
            || _last is { } before && (remembered.Length == 0 || remembered[^1].Number < before.Number))
        {
            context.Around.PrintError("the event log began anew: what happened between is not known");
            _last = null;
        }
        Print([.. remembered.Where(e => e.Number > (_last?.Number ?? 0))]);
    }

    private void Print(EventView[] events)
    {
        if (_last is { } last && events is [var first, ..] && first.Number > last.Number + 1)
            context.Around.PrintError(FormattableString.Invariant(
                $"{first.Number - last.Number - 1} events between are not shown: they are not remembered any more"));
        foreach (var e in events) context.Around.Print(json ? ViewJson.Write(e) : context.Shown(e));
        if (events is [.., var newest]) _last = newest;
    }
}
