using System.CommandLine;
using System.CommandLine.Parsing;
using Tangram.Model;

namespace Tangram.Cli;

/// <summary>The options of `tangram load FILE`: those that it shares with `tangram load URL`, and its own.</summary>
internal sealed class ScenarioTyping
{
    private readonly Option<double> _rate;
    private readonly Option<int?> _users;
    private readonly Option<TimeSpan?> _duration, _timeout;
    private readonly Option<string?> _profile, _trust;
    private readonly Option<ulong?> _poisson;
    private readonly Option<int> _connections;
    private readonly Option<long> _failed;
    private readonly Option<bool> _json, _http2;
    private readonly Option<string?> _report, _hdr;
    private readonly Option[] _urlOnly;

    private readonly Option<Uri?> _target = new("--target")
    {
        Description = "Of a file: the server, instead of the one that it names", HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
                return url;
            result.AddError($"'{result.Tokens[0].Value}' is not a URL that starts with http:// or https://");
            return null;
        },
    };

    private readonly Option<string[]> _properties = new("-J")
    {
        Description = "Of a test plan: a property, NAME=VALUE; may be repeated", HelpName = "NAME=VALUE",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _ignore = new("--ignore-unsupported")
    {
        Description = "Run a test plan without what is not known here",
    };

    private readonly Option<bool> _static = new("--static")
    {
        Description = "Of a recording: ask for pictures, styles and scripts too",
    };

    public ScenarioTyping(
        Command command, Option<double> rate, Option<int?> users, Option<TimeSpan?> duration, Option<string?> profile,
        Option<ulong?> poisson, Option<TimeSpan?> timeout, Option<int> connections, Option<string?> trust,
        Option<long> failed, Option<bool> json, Option<bool> http2, Option<string?> report, Option<string?> hdr,
        Option[] urlOnly)
    {
        (_rate, _users, _duration, _profile) = (rate, users, duration, profile);
        (_poisson, _timeout, _http2, _report, _hdr) = (poisson, timeout, http2, report, hdr);
        (_connections, _trust, _failed, _json, _urlOnly) = (connections, trust, failed, json, urlOnly);
        foreach (var option in Own) command.Add(option);
    }

    public Option<Uri?> Target => _target;

    /// <summary>What an access log does not take.</summary>
    public Option[] OfOthers => [_properties, _ignore, _static];

    private Option[] Own => [_target, _properties, _ignore, _static];

    public ScenarioRequest Of(ParseResult parsed, string file)
    {
        if (_urlOnly.FirstOrDefault(option => Typed(parsed, option)) is { } one)
            throw CommandFailure.Arguments($"{one.Name} goes with a URL, and {file} is a file: write it there");
        return new ScenarioRequest(file)
        {
            Target = parsed.GetValue(_target), Users = parsed.GetValue(_users),
            Rate = Typed(parsed, _rate) ? parsed.GetValue(_rate) : null,
            Duration = parsed.GetValue(_duration), Stages = parsed.GetValue(_profile), Seed = parsed.GetValue(_poisson),
            Timeout = parsed.GetValue(_timeout),
            Connections = Typed(parsed, _connections) ? parsed.GetValue(_connections) : null,
            CaFile = parsed.GetValue(_trust), 
            MaxFailed = Typed(parsed, _failed) ? parsed.GetValue(_failed) : null,
            Properties = parsed.GetValue(_properties)!.ToEquatableArray(),
            IgnoreUnsupported = parsed.GetValue(_ignore), Static = parsed.GetValue(_static),
            Json = parsed.GetValue(_json), Http2 = parsed.GetValue(_http2), Report = parsed.GetValue(_report),
            Hdr = parsed.GetValue(_hdr),
        };
    }

    /// <summary>A URL takes none of ours.</summary>
    public void Refuse(ParseResult parsed)
    {
        if (Own.FirstOrDefault(option => Typed(parsed, option)) is { } one)
            throw CommandFailure.Arguments($"{one.Name} goes with a file, and not with a URL");
    }

    private static bool Typed(ParseResult parsed, Option option) =>
        parsed.GetResult(option) is OptionResult { Implicit: false };
}
