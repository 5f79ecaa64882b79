using System.Net.Http;
using System.Text;
using System.Threading.Channels;

namespace Tangram.Proving.WebSockets;

/// <summary>A load by WebSocket. Every user has a connection, opened before the clock starts. At a rate the messages
/// are dealt to the users by turns, each due at its time, whatever became of those before it; otherwise a user says the
/// next one when the last was answered and it has thought.</summary>
internal static class WebSocketRun
{
    /// <summary>Handshakes at once: a server's queue of new connections is short.</summary>
    private const int AtOnce = 64;

    private readonly record struct Ask(long Index, TimeSpan Due);

    /// <summary>As <see cref="LoadRun.RunAsync"/>.</summary>
    public static async Task<LoadResult> RunAsync(LoadOptions options, IProgress<LoadProgress>? progress,
        TimeProvider time, CancellationToken cancellation, LatencyLog? log)
    {
        await WebSocketWarmUp.RunAsync(time, cancellation);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectTimeout = options.Timeout, UseProxy = false, UseCookies = false, AllowAutoRedirect = false,
            ActivityHeadersPropagator = null, SslOptions = LoadTrust.Of(options),
        });
        var (schedule, desk) = (new LoadSchedule(options), new WebSocketDesk());
        var count = LoadSockets.Connections(options, schedule.Count);
        var users = Enumerable.Range(0, count).Select(_ => new WebSocketUser(options, http, desk, time)).ToArray();
        await Parallel.ForEachAsync(users, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (user, _) => await OpenAsync(user, options, time, cancellation));

        var record = new LoadRecord(options, options.Users is null ? schedule.Count : 0, log);
        var (startedAt, pace) = (time.GetUtcNow(), new LoadPace(time, cancellation));
        using var over = new CancellationTokenSource();
        var reports = LoadRun.ReportAsync(record, pace, progress, options.ReportEvery, time, over.Token);
        var message = Encoding.UTF8.GetBytes(options.Body ?? LoadSockets.UsualMessage);
        if (options.Users is null) await OpenLoopAsync(options, schedule, users, message, record, pace, cancellation);
        else
            await Task.WhenAll(users.Select((user, number) => Task.Run(() => ClosedLoopAsync(
                options, user, (double)number / count, message, record, pace, time, cancellation))));
        await over.CancelAsync();
        await reports;
        await Parallel.ForEachAsync(users, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (user, _) => await user.DisposeAsync());
        return record.Result(Guid.NewGuid().ToString("N")[..12], startedAt, cancellation.IsCancellationRequested) with
        {
            Sockets = desk.Counts(),
        };
    }

    /// <summary>One that fails is counted, and tried again when a message is due.</summary>
    private static async Task OpenAsync(
        WebSocketUser user, LoadOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        if (!either.IsCancellationRequested) await user.OpenAsync(either.Token);
    }

    private static async Task OpenLoopAsync(LoadOptions options, LoadSchedule schedule, WebSocketUser[] users,
        byte[] message, LoadRecord record, LoadPace pace, CancellationToken cancellation)
    {
        // What they hold has an end: MaxInFlight.
        var queues = users.Select(_ => Channel.CreateUnbounded<Ask>()).ToArray();
        var inFlight = 0;
        var talking = users.Select((user, number) => Task.Run(() => TalkAsync(user, queues[number].Reader))).ToList();
        await Task.Factory.StartNew(Offer, CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        foreach (var queue in queues) queue.Writer.Complete();
        await Task.WhenAll(talking);

        void Offer()
        {
            for (var i = 0L; i < schedule.Count; i++)
            {
                var (@class, due) = (schedule.NextClass(i), schedule.At(i));
                if (!pace.WaitUntil(due)) return;
                if (Volatile.Read(ref inFlight) >= options.MaxInFlight)
                {
                    record.Unsent(new(@class, i, due, pace.Now, pace.Now, LoadRun.TooMany(options)));
                    continue;
                }
                Interlocked.Increment(ref inFlight);
                record.Began(pace.Now - due);
                queues[i % users.Length].Writer.TryWrite(new(i, due));
            }
        }

        async Task TalkAsync(WebSocketUser user, ChannelReader<Ask> asks)
        {
            await foreach (var ask in asks.ReadAllAsync(CancellationToken.None))
            {
                var begun = pace.Now;
                // Those behind a message without an answer must not each wait as long.
                var outcome = begun - ask.Due >= options.Timeout
                    ? LoadOutcome.Failed(LoadFailure.Timeout, "its connection was not free in time")
                    : await user.SayAsync(message, cancellation);
                record.Ended(new(0, ask.Index, ask.Due, begun, pace.Now, outcome));
                Interlocked.Decrement(ref inFlight);
            }
        }
    }

    /// <param name="turn">Users who think begin spread over the time for which they think: 0 to 1.</param>
    private static async Task ClosedLoopAsync(LoadOptions options, WebSocketUser user, double turn, byte[] message,
        LoadRecord record, LoadPace pace, TimeProvider time, CancellationToken cancellation)
    {
        var due = options.Think * turn;
        for (var i = 0L; ; i++)
        {
            if (due >= options.Duration || !await UntilAsync(due, pace, time, cancellation)) return;
            var begun = pace.Now;
            record.Began(begun - due);
            var outcome = await user.SayAsync(message, cancellation);
            var ended = pace.Now;
            record.Ended(new(0, i, due, begun, ended, outcome));
            due = ended + (outcome.Ok || options.Think > WebSocketUser.Again ? options.Think : WebSocketUser.Again);
        }
    }

    /// <summary>False when the run is over first.</summary>
    private static async Task<bool> UntilAsync(
        TimeSpan due, LoadPace pace, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            // The platform's timers count whole milliseconds, and a part of one would be none.
            while (due - pace.Now is { Ticks: > 0 } left)
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), time, cancellation);
        }
        catch (OperationCanceledException) { }
        return !cancellation.IsCancellationRequested;
    }
}
