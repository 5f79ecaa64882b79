namespace Tangram.Observing;

/// <summary>The stream of <c>GET /v1/watch</c>: server-sent events, because they carry an id to resume from, comments
/// as a sign of life, and are read by browsers and by every HTTP library.</summary>
internal sealed class WatchAnswer(ViewFeed feed, TimeProvider clock, CancellationToken stopping)
{
    /// <summary>A comment after so long without a change: a reader that hears nothing for three times as long has lost
    /// its connection.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>Whether the store still answers is not told by a change.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    public async Task StreamAsync(HttpContext http)
    {
        var response = http.Response;
        response.ContentType = HttpAnswer.EventsType;
        response.Headers.CacheControl = "no-store";
        string? cursor = http.Request.Headers["Last-Event-ID"];
        if (http.Request.Query["after"].ToString() is { Length: > 0 } after) cursor = after;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            await response.WriteAsync("retry: 1000\n\n", either.Token);
            for (var said = clock.GetTimestamp(); ;)
            {
                var changed = feed.Changed;
                var items = feed.After(cursor);
                foreach (var item in items)
                {
                    // Who reads slowly is waited for here, and meanwhile falls behind by itself.
                    await response.WriteAsync(Text(item), either.Token);
                    cursor = item.Cursor;
                }
                if (items.Count == 0 && clock.GetElapsedTime(said) >= Heartbeat)
                    await response.WriteAsync(": nothing has changed\n\n", either.Token);
                else if (items.Count == 0)
                {
                    await Task.WhenAny(changed, Task.Delay(LookAgain, clock, either.Token));
                    either.Token.ThrowIfCancellationRequested();
                    continue;
                }
                said = clock.GetTimestamp();
                await response.Body.FlushAsync(either.Token);
                await Task.Delay(feed.Pause, clock, either.Token);
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The client has gone, or this daemon goes and the next one begins with a snapshot.
        }
    }

    private static string Text(WatchItem item) => item.Snapshot is { } snapshot
        ? $"event: snapshot\nid: {item.Cursor}\ndata: {ViewJson.Write(snapshot)}\n\n"
        : $"event: delta\nid: {item.Cursor}\ndata: {ViewJson.Write(item.Delta!)}\n\n";
}
