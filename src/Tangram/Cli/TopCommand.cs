using System.CommandLine;
using System.Globalization;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>The replicas with what each one uses: again and again on a terminal, elsewhere once.</summary>
internal sealed class TopCommand(CommandContext context, ClusterClient client, string[] services)
{
    public static Command Make(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var services = new Argument<string[]>("SERVICE")
        {
            Description = "Only these services", Arity = ArgumentArity.ZeroOrMore,
        };
        var once = new Option<bool>("--once") { Description = "Print it once, as it also does when piped" };
        var command = new Command("top", "Shows what each replica uses now: CPU, memory, requests; q ends it")
        {
            services, file, once, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new ClusterClient(context.Finder.Find(parsed.GetValue(file)));
            var top = new TopCommand(context, client, parsed.GetValue(services) ?? []);
            if (parsed.GetValue(json)) context.PrintJson(await top.MeasuredAsync("0.5", cancellation));
            else if (parsed.GetValue(once) || !context.Around.Screen)
                (await top.TableAsync("0.5", cancellation)).Write(context.Around);
            else await top.LiveAsync(cancellation);
            context.WarnThatItIsOld(client);
            return Exit.Done;
        });
        return command;
    }

    private async Task LiveAsync(CancellationToken cancellation)
    {
        // Whoever is not there at all is said before the screen is taken.
        var page = await PageAsync("0.2", cancellation);
        var screen = new FullScreen(context.Around);
        await screen.RunAsync(async end =>
        {
            while (true)
            {
                screen.Draw(page);
                try { page = await PageAsync("1", end); }
                catch (CommandFailure e) when (e.ExitCode == Exit.NoCluster)
                {
                    page = $"{e.Message}\n(q ends)";
                    await context.Around.PauseAsync(TimeSpan.FromMilliseconds(500), end);
                }
            }
        }, cancellation);
    }

    private async Task<string> PageAsync(string over, CancellationToken cancellation)
    {
        var table = await TableAsync(over, cancellation);
        var status = await client.GetAsync<StatusView>("/v1/status", cancellation);
        return Page(status, table);
    }

    private string Page(StatusView status, Table table)
    {
        var page = new StringWriter();
        page.WriteLine(CellText.Cut($"{StatusText.Head(status)}   (q ends)", context.Around.Width ?? 80));
        if (status.Stale is { } stale)
            page.WriteLine(CellText.Cut($"the store does not answer: {stale.Because}", context.Around.Width ?? 80));
        page.WriteLine();
        table.Write(page, context.Around.Width, context.Around.Colour);
        return page.ToString();
    }

    private async Task<TopView> MeasuredAsync(string over, CancellationToken cancellation)
    {
        var top = await client.GetAsync<TopView>($"/v1/top?over={over}", cancellation);
        return services.Length == 0 ? top
            : top with { Replicas = [.. top.Replicas.Where(r => services.Contains(r.Service))] };
    }

    private async Task<Table> TableAsync(string over, CancellationToken cancellation)
    {
        var table = new Table(
            "REPLICA", "NODE", "STATE", "RESTARTS", "CPU", "MEMORY", "IN FLIGHT", "REQUESTS/S", "FAILURES/S")
        {
            Yields = ["NODE", "RESTARTS", "FAILURES/S", "IN FLIGHT"],
            Right = ["RESTARTS", "CPU", "MEMORY", "IN FLIGHT", "REQUESTS/S", "FAILURES/S"],
        };
        foreach (var r in (await MeasuredAsync(over, cancellation)).Replicas)
            table.Add(r.Replica, r.Node, r.State, Text($"{r.Restarts}"),
                r.Cpu is { } cpu ? Text($"{cpu * 100:0.0} %") : "unknown",
                r.Memory is { } bytes ? Text($"{bytes / 1048576.0:0.0} MiB") : "unknown",
                r.InFlight is { } busy ? Text($"{busy}") : "-", r.Requests is { } rate ? Text($"{rate:0.0}") : "-",
                r.Failures is { } failures ? Text($"{failures:0.0}") : "-");
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
