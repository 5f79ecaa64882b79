using System.CommandLine;
using System.Globalization;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>Every route, service and backend, as the gateways see them: once, or again and again.</summary>
internal sealed class RoutesCommand(CommandContext context, ClusterClient client, string[] services, string? gateway)
{
    public static Command Make(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var services = new Argument<string[]>("SERVICE")
        {
            Description = "Only these services, and the routes that lead there", Arity = ArgumentArity.ZeroOrMore,
        };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on, once a second; q ends it" };
        var gateway = new Option<string?>("--gateway")
        {
            Description = "As this one sees it; without it, all of them together",
        };
        var command = new Command("routes", "Shows every route, service and backend: state, requests, errors, latency")
        {
            services, gateway, watch, file, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new ClusterClient(context.Finder.Find(parsed.GetValue(file)));
            var routes = new RoutesCommand(context, client, parsed.GetValue(services) ?? [], parsed.GetValue(gateway));
            if (parsed.GetValue(json)) context.PrintJson(await routes.ReadAsync(cancellation));
            else if (parsed.GetValue(watch) && context.Around.Screen) await routes.LiveAsync(cancellation);
            else if (parsed.GetValue(watch)) await routes.AgainAsync(cancellation);
            else context.Around.Print(routes.Text(await routes.ReadAsync(cancellation)).TrimEnd());
            context.WarnThatItIsOld(client);
            return Exit.Done;
        });
        return command;
    }

    private async Task LiveAsync(CancellationToken cancellation)
    {
        // Whoever is not there at all is said before the screen is taken.
        var page = Text(await ReadAsync(cancellation));
        var screen = new FullScreen(context.Around);
        await screen.RunAsync(async end =>
        {
            while (true)
            {
                screen.Draw($"(q ends)\n{page}");
                await context.Around.PauseAsync(TimeSpan.FromSeconds(1), end);
                try { page = Text(await ReadAsync(end)); }
                catch (CommandFailure e) when (e.ExitCode == Exit.NoCluster) { page = e.Message; }
            }
        }, cancellation);
    }

    private async Task AgainAsync(CancellationToken cancellation)
    {
        while (true)
        {
            context.Around.Print(Text(await ReadAsync(cancellation)));
            await context.Around.PauseAsync(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    private async Task<RoutesView> ReadAsync(CancellationToken cancellation)
    {
        var all = await client.LookAsync<RoutesView>("/v1/routes", cancellation);
        if (gateway is null) return all;
        if (all.Gateways.Any(g => g.Gateway == gateway))
            return new RoutesView([.. all.Gateways.Where(g => g.Gateway == gateway)]);
        throw new CommandFailure(Exit.Arguments, $"no gateway is named '{gateway}'. There are: " +
            string.Join(", ", all.Gateways.Select(g => g.Gateway)));
    }

    private string Text(RoutesView view)
    {
        if (view.Gateways.Count == 0) return "No gateway has told this server what it sees.\n";
        var seen = Traffic.Together([.. view.Gateways]);
        var page = new StringWriter();
        RoutesOf(seen).Write(page, context.Around.Width, context.Around.Colour);
        page.WriteLine();
        BackendsOf(seen).Write(page, context.Around.Width, context.Around.Colour);
        return page.ToString();
    }

    private Table RoutesOf(GatewayTrafficView seen)
    {
        var table = new Table("ROUTE", "SERVICE", "IN FLIGHT", "REQUESTS", "ERRORS", "LIMITED", "P50", "P99")
        {
            Yields = ["LIMITED", "P50", "IN FLIGHT"],
            Right = ["IN FLIGHT", "REQUESTS", "ERRORS", "LIMITED", "P50", "P99"],
        };
        foreach (var route in seen.Routes.Where(r => Wanted(r.Service)))
            table.Add(route.Route, route.Service ?? "-", Text(route.InFlight), Text(route.Requests), Text(route.Errors),
                Text(route.RateLimited), Latency(route.P50), Latency(route.P99));
        return table;
    }

    /// <summary>A line for the service, and under it one for each of its backends.</summary>
    private Table BackendsOf(GatewayTrafficView seen)
    {
        var table = new Table("BACKEND", "NODE", "STATE", "WEIGHT", "IN FLIGHT", "REQUESTS", "ERRORS", "RETRIES", "P50",
            "P99", "MEAN", "CHANGED", "BECAUSE")
        {
            Yields = ["BECAUSE", "CHANGED", "MEAN", "NODE", "P50", "RETRIES", "IN FLIGHT"],
            Right = ["WEIGHT", "IN FLIGHT", "REQUESTS", "ERRORS", "RETRIES", "P50", "P99", "MEAN", "CHANGED"],
        };
        foreach (var service in seen.Services.Where(s => Wanted(s.Service)))
        {
            table.Add(service.Service, "-", service.Breaker == "closed" ? "closed" : $"breaker {service.Breaker}", "-",
                Text(service.InFlight), Text(service.Requests), Text(service.Errors), Text(service.Retries),
                Latency(service.P50), Latency(service.P99), "-", "-", service.Because);
            foreach (var one in service.Backends)
                table.Add($"  {one.Backend}", one.Node, one.State,
                    string.Create(CultureInfo.InvariantCulture, $"{one.Weight * 100:0} %"), Text(one.InFlight),
                    Text(one.Requests), Text(one.Errors), Text(one.Retries), Latency(one.P50), Latency(one.P99),
                    Latency(one.Mean), one.Changed is { } ago ? Duration.Words(TimeSpan.FromSeconds(ago)) : "-",
                    one.Because);
        }
        return table;
    }

    private bool Wanted(string? service) => services.Length == 0 || services.Contains(service);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Latency(double? seconds) => seconds switch
    {
        null => "-",
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s"),
    };
}
