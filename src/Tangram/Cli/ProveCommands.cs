using System.CommandLine;
using System.CommandLine.Parsing;
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
            Description = "What to ask for", CustomParser = result => Url(result.Tokens[0].Value, result),
        };
        var also = Option<Uri[]>("--also", "URL", "Another address, if a connection fails; may be repeated", []);
        also.CustomParser = result => [.. result.Tokens.Select(token => Url(token.Value, result)).OfType<Uri>()];
        var lost = CommandContext.DurationOption("--lost-after",
            "A connection has failed when the other machine is silent for so long (with --also 1s)");
        var rate = Option("--rate", "R", "Requests per second", 100.0);
        var users = Option<int?>("--users", "N", "Instead of a rate, so many who each ask again when answered", null);
        var think = CommandContext.DurationOption("--think", "What a user waits before asking again (default 0s)");
        var threads = Option<int?>("--threads", "N", "Of the generator (default: one for each processor)", null);
        var duration = CommandContext.DurationOption("--duration", "How long (default 10s)");
        var method = Option("--method", "METHOD", "HTTP method", "GET");
        var body = Option<string?>("--body", "TEXT", "Sent with every request", null);
        var headers = Option<string[]>("--header", "HEADER", "'Name: value'; may be repeated", []);
        var mix = Option<string[]>("--mix", "KIND", "'METHOD URL SHARE', to mix in; may be repeated", []);
        var timeout = CommandContext.DurationOption("--timeout", "Of one request (default 10s)");
        var connections = Option("--connections", "N", "At most so many to a host", 1000);
        var id = Option<string?>("--id-header", "NAME", "A header that carries a unique id in every request", null);
        var trust = Option<string?>("--cacert", "FILE", "PEM certificates of the authorities to trust", null);
        var failed = Option("--max-failed", "N", "Exit 1 when more requests than this fail", 0L);
        var command = new Command("load", "Offers requests at a constant rate and measures from when each was due")
        {
            url, also, lost, rate, users, think, threads, duration, method, body, headers, mix, timeout, connections,
            id, trust, failed, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(users) is { Implicit: false } && result.GetResult(rate) is { Implicit: false })
                result.AddError("--users and --rate exclude each other: users ask when they are answered");
        });
        command.SetAction((parsed, cancellation) =>
        {
            var request = new LoadRequest(
                parsed.GetValue(url)!, parsed.GetValue(rate), parsed.GetValue(duration) ?? TimeSpan.FromSeconds(10),
                parsed.GetValue(method)!.ToUpperInvariant(), parsed.GetValue(body),
                parsed.GetValue(headers)!.ToEquatableArray(), parsed.GetValue(mix)!.ToEquatableArray(),
                parsed.GetValue(also)!.ToEquatableArray(), parsed.GetValue(lost),
                parsed.GetValue(timeout) ?? TimeSpan.FromSeconds(10), parsed.GetValue(connections),
                parsed.GetValue(id), parsed.GetValue(failed), parsed.GetValue(json),
                parsed.GetValue(trust))
            {
                Users = parsed.GetValue(users),
                Think = parsed.GetValue(think) ?? TimeSpan.Zero,
                Threads = parsed.GetValue(threads),
            };
            return context.Entrances.Load(request, context.Around, cancellation);
        });
        return command;
    }

    public static Command Simulate(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var seed = Option("--seed", "N", "The first seed; it repeats a run exactly", 0UL);
        var seeds = Option("--seeds", "N", "How many, one after the other", 1);
        seeds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError("--seeds takes 1 or more");
        });
        var nodes = Option<int?>("--nodes", "N",
            "Instead, a cluster of N nodes with 20 replicas each that loses a zone and gets it back", null);
        nodes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 6 or > 5_000) result.AddError("--nodes takes 6 to 5000");
        });
        var command = new Command("simulate", "Runs a simulated cluster through seeded faults, checking what must hold")
        {
            seed, seeds, nodes, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var request = new SimulateRequest(parsed.GetValue(seed), parsed.GetValue(seeds), parsed.GetValue(json),
                parsed.GetValue(nodes));
            return context.Entrances.Simulate(request, context.Around, cancellation);
        });
        return command;
    }

    private static Uri? Url(string text, ArgumentResult result)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
        result.AddError($"'{text}' is not a URL that starts with http:// or https://");
        return null;
    }

    private static Option<T> Option<T>(string name, string value, string description, T fallback) => new(name)
    {
        Description = description, HelpName = value, DefaultValueFactory = _ => fallback,
    };
}
