using System.CommandLine;
using System.CommandLine.Parsing;
using Tangram.Model;

namespace Tangram.Cli;

/// <summary>The options of `tangram load ACCESS-LOG`: those that it shares with the other loads, and its own.</summary>
internal sealed class ReplayTyping
{
    private readonly Option<TimeSpan?> _duration, _timeout;
    private readonly Option<int> _connections;
    private readonly Option<int?> _threads;
    private readonly Option<string[]> _headers;
    private readonly Option<string?> _trust, _report, _hdr;
    private readonly Option<long> _failed;
    private readonly Option<bool> _json, _http2;
    private readonly Option<Uri?> _target;
    private readonly Option[] _ofOthers;

    private readonly Option<double> _speed = new("--speed")
    {
        Description = "Of an access log: so many times as fast", HelpName = "N", DefaultValueFactory = _ => 1,
    };

    private readonly Option<bool> _unsafe = new("--unsafe")
    {
        Description = "Of an access log: send POST, PUT, PATCH and DELETE too, without bodies",
    };

    public ReplayTyping(
        Command command, Option<TimeSpan?> duration, Option<TimeSpan?> timeout, Option<int> connections,
        Option<int?> threads, Option<string[]> headers, Option<string?> trust, Option<long> failed, Option<bool> json,
        Option<bool> http2, Option<string?> report, Option<string?> hdr, Option<Uri?> target, Option[] ofOthers)
    {
        (_duration, _timeout, _connections, _threads, _headers) = (duration, timeout, connections, threads, headers);
        (_trust, _failed, _json, _http2, _report, _hdr) = (trust, failed, json, http2, report, hdr);
        (_target, _ofOthers) = (target, ofOthers);
        foreach (var option in Own) command.Add(option);
    }

    private Option[] Own => [_speed, _unsafe];

    /// <summary>Whatever is in the file, it is meant as a log.</summary>
    public bool IsAsked(ParseResult parsed) => Own.Any(option => Typed(parsed, option));

    public ReplayRequest Of(ParseResult parsed, string file)
    {
        if (_ofOthers.FirstOrDefault(option => Typed(parsed, option)) is { } one)
            throw CommandFailure.Arguments(
                $"{one.Name} does not go with an access log, which says itself what is asked for and when");
        var where = parsed.GetValue(_target) ?? throw CommandFailure.Arguments(
            "an access log does not say where its requests shall go: add --target http://HOST:PORT");
        var usual = TimeSpan.FromSeconds(10);
        var load = new LoadRequest(where, 1, usual, "GET", null, parsed.GetValue(_headers)!.ToEquatableArray(), [], [],
            null, parsed.GetValue(_timeout) ?? usual, parsed.GetValue(_connections), null, parsed.GetValue(_failed),
            parsed.GetValue(_json), parsed.GetValue(_trust))
        {
            Threads = parsed.GetValue(_threads), Http2 = parsed.GetValue(_http2), Report = parsed.GetValue(_report),
            Hdr = parsed.GetValue(_hdr),
        };
        return new ReplayRequest(
            file, load, parsed.GetValue(_speed), parsed.GetValue(_duration), parsed.GetValue(_unsafe));
    }

    /// <summary>A URL takes none of ours.</summary>
    public void Refuse(ParseResult parsed)
    {
        if (Own.FirstOrDefault(option => Typed(parsed, option)) is { } one)
            throw CommandFailure.Arguments($"{one.Name} goes with an access log, and not with a URL");
    }

    private static bool Typed(ParseResult parsed, Option option) =>
        parsed.GetResult(option) is OptionResult { Implicit: false };
}
