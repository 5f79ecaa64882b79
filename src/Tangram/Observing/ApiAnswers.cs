using Tangram.Coordinating;

namespace Tangram.Observing;

/// <summary>What answers the routes of <see cref="ApiRoute.All"/>, by concern.</summary>
internal sealed class ApiAnswers(ClusterPort port, CancellationToken stopping)
{
    /// <summary>On every answer while the store does not: the sentence, in ASCII.</summary>
    public const string StaleHeader = "Tangram-Stale";

    public LookAnswers Looks { get; } = new(port, stopping);
    public CommandAnswers Commands { get; } = new(port);
    public WatchAnswer Watch { get; } = new(new ViewFeed(port), port.Clock, stopping);

    public Task SayThatItIsOldAsync(HttpContext http, RequestDelegate next)
    {
        if (port.Stale() is { } stale)
            http.Response.Headers[StaleHeader] =
                new string([.. Sentence(stale).Select(c => c is >= ' ' and <= '~' ? c : '?')]);
        return next(http);
    }

    private string Sentence(StaleView stale)
    {
        var time = stale.AsOf is { } asOf ? $"for {Duration.Words(port.Clock.GetUtcNow() - asOf)}" : "since the start";
        return $"the store has not answered this server {time} ({stale.Because}). This is how things stood then; " +
               "what runs goes on, and nothing can be changed until it answers";
    }
}
