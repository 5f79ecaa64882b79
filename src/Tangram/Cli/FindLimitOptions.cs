using System.CommandLine;
using Tangram.Proving.Capacity;

namespace Tangram.Cli;

/// <summary>What <c>load</c> takes to look for a limit instead.</summary>
internal sealed class FindLimitOptions
{
    private readonly Option<bool> _find = new("--find-limit")
    {
        Description = "Instead: more and more users until that brings nothing, then the highest rate within --latency",
    };
    private readonly Option<TimeSpan?> _latency = CommandContext.DurationOption("--latency",
        "With --find-limit: what 99 of 100 requests shall stay below (default 250ms)");
    private readonly Option<TimeSpan?> _step = CommandContext.DurationOption("--step",
        "With --find-limit: how long each step is measured (default 4s)");
    private readonly Option<int?> _users = new("--most-users")
    {
        Description = "With --find-limit: try no more users than these (default 2000)", HelpName = "N",
    };

    public FindLimitOptions(CommandContext context) => _ = context;

    public IEnumerable<Option> All => [_find, _latency, _step, _users];

    /// <summary>What to load, and how to look for its limit; null when that is not asked.</summary>
    public Task<(Uri Where, LimitRequest? Limit)> ReadAsync(ParseResult parsed, Uri url, CancellationToken cancellation)
    {
        _ = cancellation;
        var usual = new LimitOptions();
        var options = usual with
        {
            Latency = parsed.GetValue(_latency) ?? usual.Latency, Step = parsed.GetValue(_step) ?? usual.Step,
            MostUsers = parsed.GetValue(_users) ?? usual.MostUsers,
        };
        if (!parsed.GetValue(_find))
        {
            if (options != usual)
                throw CommandFailure.Arguments("--latency, --step and --most-users go with --find-limit");
            return Task.FromResult((Absolute(url), (LimitRequest?)null));
        }
        return Task.FromResult((Absolute(url), (LimitRequest?)new LimitRequest(options)));
    }

    private static Uri Absolute(Uri url) => url.IsAbsoluteUri ? url
        : throw CommandFailure.Arguments($"'{url}' is not a URL that starts with http:// or https://");
}
