using System.CommandLine;
using Tangram.Model;

namespace Tangram.Cli;

/// <summary>load and simulate: only what is typed; the work is behind <see cref="Entrances"/>.</summary>
internal static class ProveCommands
{
    public static Command Load(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var url = new Argument<Uri>("URL")
        {
            Description = "What to ask for",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
                result.AddError($"'{text}' is not a URL that starts with http:// or https://");
                return null;
            },
        };
        var rate = new Option<double>("--rate") { Description = "Requests per second", HelpName = "R", DefaultValueFactory = _ => 100 };
        var duration = CommandContext.DurationOption("--duration", "How long (default 10s)");
        var method = new Option<string>("--method") { Description = "HTTP method", DefaultValueFactory = _ => "GET" };
        var body = new Option<string?>("--body") { Description = "Sent with every request" };
        var headers = new Option<string[]>("--header") { Description = "'Name: value'; may be repeated", DefaultValueFactory = _ => [] };
        var mix = new Option<string[]>("--mix")
        {
            Description = "A kind of request to mix in, 'METHOD URL SHARE'; may be repeated", DefaultValueFactory = _ => [],
        };
        var timeout = CommandContext.DurationOption("--timeout", "Of one request (default 10s)");
        var connections = new Option<int>("--connections") { Description = "At most so many to a host", DefaultValueFactory = _ => 1000 };
        var id = new Option<string?>("--id-header") { Description = "A header that carries a unique id in every request", HelpName = "NAME" };
        var failed = new Option<long>("--max-failed") { Description = "Exit 1 when more requests than this fail", HelpName = "N" };
        var command = new Command("load", "Offers requests at a constant rate and measures from when each was due")
        {
            url, rate, duration, method, body, headers, mix, timeout, connections, id, failed, json,
        };
        command.SetAction((parsed, cancellation) => context.Entrances.Load(new LoadRequest(
            parsed.GetValue(url)!, parsed.GetValue(rate), parsed.GetValue(duration) ?? TimeSpan.FromSeconds(10),
            parsed.GetValue(method)!.ToUpperInvariant(), parsed.GetValue(body), parsed.GetValue(headers)!.ToEquatableArray(),
            parsed.GetValue(mix)!.ToEquatableArray(), parsed.GetValue(timeout) ?? TimeSpan.FromSeconds(10),
            parsed.GetValue(connections), parsed.GetValue(id), parsed.GetValue(failed), parsed.GetValue(json)),
            context.Around, cancellation));
        return command;
    }

    public static Command Simulate(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var seed = new Option<ulong>("--seed") { Description = "The first seed; it repeats a run exactly", HelpName = "N" };
        var seeds = new Option<int>("--seeds") { Description = "How many, one after the other", HelpName = "N", DefaultValueFactory = _ => 1 };
        seeds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError("--seeds takes 1 or more");
        });
        var command = new Command("simulate", "Runs a whole simulated cluster through seeded faults and checks what must hold")
        {
            seed, seeds, json,
        };
        command.SetAction((parsed, cancellation) => context.Entrances.Simulate(
            new SimulateRequest(parsed.GetValue(seed), parsed.GetValue(seeds), parsed.GetValue(json)), context.Around, cancellation));
        return command;
    }
}
