using System.CommandLine;
using System.CommandLine.Parsing;
using Tangram.Model;
using Tangram.Proving;

namespace Tangram.Cli;

/// <summary>load: only what is typed; the work is behind <see cref="Entrances"/>.</summary>
internal sealed class LoadCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string> _what = new("URL|FILE")
    {
        Description = "What to ask for; or a scenario, a JMeter test plan (.jmx), a recording (.har), an access log",
    };
    private readonly Option<Uri[]> _also =
        Option<Uri[]>("--also", "URL", "Another address, if a connection fails; may be repeated", []);
    private readonly Option<TimeSpan?> _lost = CommandContext.DurationOption("--lost-after",
        "A connection has failed when the other machine is silent for so long (with --also 1s)");
    private readonly Option<double> _rate =
        Option("--rate", "R", "Requests per second (of a file: iterations)", 100.0);
    private readonly Option<int?> _users =
        Option<int?>("--users", "N", "Instead of a rate, so many who each ask again when answered", null);
    private readonly Option<TimeSpan?> _think =
        CommandContext.DurationOption("--think", "What a user waits before asking again (default 0s)");
    private readonly Option<int?> _threads =
        Option<int?>("--threads", "N", "Of the generator (default: one for each processor)", null);
    private readonly Option<TimeSpan?> _duration =
        CommandContext.DurationOption("--duration", "How long (default 10s, or as the file says)");
    private readonly Option<string?> _profile = Option<string?>("--profile", "STAGES",
        "Instead of --rate and --duration, how the rate goes: '10..200 30s, 200 1m'", null);
    private readonly Option<ulong?> _poisson =
        Option<ulong?>("--poisson", "SEED", "Arrivals at random times with this mean, from a seed", null);
    private readonly Option<string> _method = Option("--method", "METHOD", "HTTP method", "GET");
    private readonly Option<string?> _body = Option<string?>("--body", "TEXT", "Sent with every request", null);
    private readonly Option<string[]> _headers =
        Option<string[]>("--header", "HEADER", "'Name: value'; may be repeated", []);
    private readonly Option<string[]> _mix =
        Option<string[]>("--mix", "KIND", "'METHOD URL SHARE', to mix in; may be repeated", []);
    private readonly Option<TimeSpan?> _timeout =
        CommandContext.DurationOption("--timeout", "Of one request (default 10s)");
    private readonly Option<int> _connections = Option("--connections", "N", "At most so many to a host", 1000);
    private readonly Option<string?> _id =
        Option<string?>("--id-header", "NAME", "A header that carries a unique id in every request", null);
    private readonly Option<string?> _trust =
        Option<string?>("--cacert", "FILE", "PEM certificates of the authorities to trust", null);
    private readonly Option<long> _failed =
        Option("--max-failed", "N", "Exit 1 when more requests than this fail", 0L);
    private readonly Option<bool> _json = CommandContext.JsonOption();
    private readonly Option<bool> _http2 =
        new("--http2") { Description = "By HTTP/2, without TLS too, instead of HTTP/1.1" };
    private readonly Option<string?> _report = Option<string?>("--report", "FILE",
        "Write the result as a page with charts, such as load.html; it needs no other file", null);
    private readonly Option<string?> _hdr = Option<string?>("--hdr", "FILE",
        "Write all latencies as an HdrHistogram log, one interval a second", null);
    private readonly FindLimitOptions _limit;
    private readonly SpreadOptions _spread = new();
    private ReplayTyping _replay = null!;

    private LoadCommand(CommandContext context)
    {
        (_context, _limit) = (context, new FindLimitOptions(context));
        _what.Validators.Add(result =>
        {
            var text = result.Tokens[0].Value;
            if (text.Contains("://", StringComparison.Ordinal) && Address(text) is null)
                result.AddError(NoUrl(text) + " (or ws:// or wss://)");
        });
        _also.CustomParser = result => [.. result.Tokens.Select(token => Url(token.Value, result)).OfType<Uri>()];
    }

    public static Command Make(CommandContext context) => new LoadCommand(context).Made();

    /// <summary>Hidden; an injector starts it.</summary>
    public static Command Part(CommandContext context)
    {
        var command = new Command(Proving.Spreading.LoadPartProcess.Command, "Makes one machine's part of a load")
        {
            Hidden = true,
        };
        command.SetAction((_, cancellation) => context.Entrances.LoadPart(context.Around, cancellation));
        return command;
    }

    /// <summary>Null, and an error, when it is none.</summary>
    public static Uri? Url(string text, ArgumentResult result)
    {
        if (Url(text) is { } url) return url;
        result.AddError(NoUrl(text));
        return null;
    }

    public static Uri? Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    /// <summary>What a load can ask: a URL, or a WebSocket's.</summary>
    public static Uri? Address(string text) =>
        Url(text) ?? (Uri.TryCreate(text, UriKind.Absolute, out var url) && LoadSockets.Is(url) ? url : null);

    private static string NoUrl(string text) => $"'{text}' is not a URL that starts with http:// or https://";

    private Command Made()
    {
        var command = new Command("load", "Offers requests at their times and measures from when each was due")
        {
            _what, _also, _lost, _rate, _users, _think, _threads, _duration, _profile, _poisson, _method, _body,
            _headers, _mix, _timeout, _connections, _id, _trust, _failed, _http2, _report, _hdr, _json,
        };
        foreach (var option in _limit.All.Concat(_spread.All)) command.Add(option);
        var scenario = new ScenarioTyping(command, _rate, _users, _duration, _profile, _poisson, _timeout, _connections,
            _trust, _failed, _json, _http2, _report, _hdr,
            [_also, _lost, _think, _threads, _method, _body, _headers, _mix, _id, .. _limit.All]);
        _replay = new ReplayTyping(command, _duration, _timeout, _connections, _threads, _headers, _trust, _failed,
            _json, _http2, _report, _hdr, scenario.Target,
            [
                _also, _lost, _rate, _users, _think, _profile, _poisson, _method, _body, _mix, _id,
                .. scenario.OfOthers, .. _limit.All,
            ]);
        command.Validators.Add(result =>
        {
            Option[] rates = [_rate, _profile, _poisson];
            if (Typed(result, _users) && rates.Any(rate => Typed(result, rate)))
                result.AddError("--users and a rate exclude each other: users ask when they are answered");
            Option[] said = [_rate, _duration];
            if (Typed(result, _profile) && said.FirstOrDefault(option => Typed(result, option)) is { } one)
                result.AddError($"{one.Name} does not go with --profile, which says the rate and for how long");
        });
        command.SetAction((parsed, cancellation) => RunAsync(parsed, scenario, cancellation));
        return command;

        static bool Typed(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };
    }

    private async Task<int> RunAsync(ParseResult parsed, ScenarioTyping scenario, CancellationToken cancellation)
    {
        var typed = parsed.GetValue(_what)!;
        if (Address(typed) is null && !_limit.IsAsked(parsed)) _spread.Refuse(parsed, "a file");
        if (_limit.IsAsked(parsed)) _spread.Refuse(parsed, "--find-limit");
        if (Address(typed) is null && !_limit.IsAsked(parsed))
            return _replay.IsAsked(parsed) || _context.Entrances.IsAccessLog(typed)
                ? await _context.Entrances.Replay(_replay.Of(parsed, typed), _context.Around, cancellation)
                : await _context.Entrances.Scenario(scenario.Of(parsed, typed), _context.Around, cancellation);
        scenario.Refuse(parsed);
        _replay.Refuse(parsed);
        RefuseBesideLimit(parsed);
        var messages = Address(typed) is { } address && LoadSockets.Is(address);
        if (messages && _limit.IsAsked(parsed))
            throw CommandFailure.Arguments("--find-limit is of requests by HTTP, not of messages");
        var (where, limit) = await _limit.ReadAsync(parsed, typed, cancellation);
        var usual = TimeSpan.FromSeconds(10);
        var request = new LoadRequest(
            where, parsed.GetValue(_rate), parsed.GetValue(_duration) ?? usual,
            parsed.GetValue(_method)!.ToUpperInvariant(), parsed.GetValue(_body),
            parsed.GetValue(_headers)!.ToEquatableArray(), parsed.GetValue(_mix)!.ToEquatableArray(),
            parsed.GetValue(_also)!.ToEquatableArray(), parsed.GetValue(_lost),
            parsed.GetValue(_timeout) ?? usual, Connections(parsed, messages),
            parsed.GetValue(_id), parsed.GetValue(_failed), parsed.GetValue(_json), parsed.GetValue(_trust))
        {
            Limit = limit, Stages = parsed.GetValue(_profile), Seed = parsed.GetValue(_poisson),
            Users = parsed.GetValue(_users), Think = parsed.GetValue(_think) ?? TimeSpan.Zero,
            Threads = parsed.GetValue(_threads), Http2 = parsed.GetValue(_http2), Report = parsed.GetValue(_report),
            Hdr = parsed.GetValue(_hdr),
        };
        return await _context.Entrances.Load(
            _spread.With(parsed, request, _context.Around), _context.Around, cancellation);
    }

    /// <summary>A WebSocket's stand all the time, whether or not they are needed.</summary>
    private int Connections(ParseResult parsed, bool messages) =>
        messages && parsed.GetResult(_connections) is not OptionResult { Implicit: false }
            ? LoadSockets.UsualConnections : parsed.GetValue(_connections);

    /// <summary>A search chooses users and rates itself, and a replica of a service is asked alone.</summary>
    private void RefuseBesideLimit(ParseResult parsed)
    {
        if (!_limit.IsAsked(parsed)) return;
        Option[] chosen = [_rate, _users, _think, _threads, _duration, _profile, _poisson, _failed];
        Option[] elsewhere = _limit.IsOfService(parsed) ? [_mix, _also] : [];
        Option[] written = [_report, _hdr];
        foreach (var option in chosen.Concat(elsewhere).Concat(written))
            if (parsed.GetResult(option) is OptionResult { Implicit: false })
                throw CommandFailure.Arguments($"{option.Name} does not go with --find-limit" +
                    (elsewhere.Contains(option) ? " --service: one replica is asked"
                        : written.Contains(option) ? ": that is many loads, which --json tells"
                        : ": it chooses that itself"));
    }

    private static Option<T> Option<T>(string name, string value, string description, T fallback) => new(name)
    {
        Description = description, HelpName = value, DefaultValueFactory = _ => fallback,
    };
}
