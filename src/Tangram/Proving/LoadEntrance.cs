using Tangram.Cli;
using Tangram.Model;
using Tangram.Proving.Scenarios;
using Tangram.Proving.Spreading;

namespace Tangram.Proving;

/// <summary>`tangram load`: from what was typed to a run, and its report.</summary>
internal static class LoadEntrance
{
    /// <summary>Throws <see cref="CommandFailure"/>.</summary>
    public static LoadOptions Options(LoadRequest request)
    {
        var options = new LoadOptions
        {
            Url = request.Url, Rate = request.Rate, Duration = request.Duration, Method = request.Method, Body =
                request.Body,
            Headers = request.Headers.Select(Header).ToEquatableArray(), Mix =
                request.Mix.Select(Class).ToEquatableArray(),
            Also = request.Also, LostAfter = request.LostAfter,
            Timeout = request.Timeout, Connections = request.Connections, UniqueIdHeader = request.IdHeader,
            MaxFailed = request.MaxFailed, CaFile = request.CaFile,
            Users = request.Users, Think = request.Think, Threads = request.Threads, Http2 = request.Http2,
        };
        return Profile(request) is not { } profile ? options : options with
        {
            Profile = profile, Duration = profile.Lasts, Rate = profile.Curve.Area / profile.Lasts.TotalSeconds,
        };
    }

    public static async Task<int> RunAsync(LoadRequest request, Surroundings around, CancellationToken cancellation)
    {
        var options = Options(request);
        var machines = request.Injectors.Distinct().Count();
        if (request.CaFile is { } file && LoadTrust.Problem(file) is { } unread)
            throw new CommandFailure(Exit.Arguments, unread);
        var problems = machines > 0 ? LoadPart.Problems(options, machines) : options.Problems();
        if (problems.FirstOrDefault() is { } problem) throw new CommandFailure(Exit.Arguments, problem);
        using var stop = new LoadStop(cancellation);
        if (request.Limit is { } limit)
            return await LimitEntrance.RunAsync(options, limit, request.Json, around, stop.Token).ConfigureAwait(false);
        var outputs = new LoadOutputs(
            request.Report, request.Hdr, options.Classes.Select(c => c.Name), around, request.CaFile);
        var progress = request.Json ? null : new LoadLines(around);
        var result = await (machines > 0 ? SpreadAsync()
            : LoadRun.RunAsync(options, progress, around.Clock, stop.Token, outputs.Log)).ConfigureAwait(false);
        if (request.Json) around.Print(LoadJson.Write(result));
        else foreach (var line in LoadReport.Lines(result)) around.Print(line);
        outputs.Write(result);
        return result.Verdict.ExitCode;

        async Task<LoadResult> SpreadAsync()
        {
            await using var spread = await SpreadRun.OpenAsync(request, options, outputs.Log is not null, around.Clock)
                .ConfigureAwait(false);
            return await spread.RunAsync(progress, outputs.Log, stop.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Null: the rate is constant and arrivals are evenly spaced.</summary>
    private static LoadProfile.Open? Profile(LoadRequest request)
    {
        if (request is { Stages: null, Seed: null }) return null;
        var stages = request.Stages is { } text
            ? StageText.ReadAll(text)
                ?? throw new CommandFailure(Exit.Arguments, $"'{text}' is no profile. Write {StageText.Wanted}, " +
                    "and commas between several")
            : [new Stage(request.Rate, request.Rate, request.Duration)];
        var profile = new LoadProfile.Open(request.Seed) { Stages = stages.ToEquatableArray() };
        return profile.Problems().FirstOrDefault() is { } problem
            ? throw new CommandFailure(Exit.Arguments, problem) : profile;
    }

    internal static LoadHeader Header(string typed) => typed.Split(':', 2) is [var name, var value]
        ? new LoadHeader(name.Trim(), value.Trim())
        : throw new CommandFailure(Exit.Arguments, $"'{typed}' is not a header. Write 'Name: value'");

    private static LoadClass Class(string typed) =>
        typed.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var method, var url, var share]
        && Uri.TryCreate(url, UriKind.Absolute, out var where) && double.TryParse(share, out var weight)
            ? new LoadClass(method.ToUpperInvariant(), method.ToUpperInvariant(), where, null, weight)
            : throw new CommandFailure(Exit.Arguments, $"'{typed}' is not a kind of request. Write 'METHOD URL SHARE'");
}
