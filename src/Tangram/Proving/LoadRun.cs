using Tangram.Proving.Engine;
using Tangram.Proving.WebSockets;

namespace Tangram.Proving;

/// <summary>Offers a load to a server and says what came of it.</summary>
internal static class LoadRun
{
    /// <summary>Runs to the end of the load and of its last answer. Cancelling gives the results so far; it does
    /// not throw. Throws <see cref="ArgumentException"/> when the options have <see cref="LoadOptions.Problems"/>.
    /// The clock has to run at the speed of the world: what is measured is real.</summary>
    /// <param name="log">Takes all latencies by the second; null: nobody wants it.</param>
    /// <param name="meeting">With the other machines that make this load; null: there are none.</param>
    public static async Task<LoadResult> RunAsync(
        LoadOptions options, IProgress<LoadProgress>? progress, TimeProvider time, CancellationToken cancellation,
        LatencyLog? log = null, LoadMeeting? meeting = null)
    {
        if (options.Problems().FirstOrDefault() is { } problem) throw new ArgumentException(problem, nameof(options));
        if (LoadSockets.Is(options.Url))
            return await WebSocketRun.RunAsync(options, progress, time, cancellation, log);
        if (await RawAsync(options, time, cancellation) is { } target)
        {
            await LoadWarmUp.RawAsync(options, time, cancellation);
            return await EngineRun.RunAsync(options, target, progress, time, cancellation, log, meeting);
        }
        if (options.Users is not null || options.Engine == LoadEngine.Raw)
            throw new IOException(EngineRun.CanRun(time)
                ? $"{options.Classes[0].Url.Host} has no address, so there is nobody to ask"
                : "users are made by sockets of 64-bit Linux, which this is not: offer a rate instead");
        await LoadWarmUp.RunAsync(time, cancellation);

        var run = meeting?.Run ?? Guid.NewGuid().ToString("N")[..12];
        if (meeting is not null) await meeting.WaitAsync(cancellation);
        using var client = new LoadClient(options, run, time);
        var schedule = new LoadSchedule(options);
        var record = new LoadRecord(options, schedule.Own, log);
        var startedAt = time.GetUtcNow();
        var pace = new LoadPace(time, cancellation);
        meeting?.Began(time.GetTimestamp());

        using var over = new CancellationTokenSource();
        var reports = ReportAsync(record, pace, progress, options.ReportEvery, time, over.Token);
        using var slots = new SemaphoreSlim(options.MaxInFlight);
        await Task.Factory.StartNew(
            () => Offer(options, client, schedule, record, pace, slots, cancellation),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        // Every slot is back when every request has ended. Each does: by its answer, its time-out or the cancellation.
        for (var i = 0; i < options.MaxInFlight; i++) await slots.WaitAsync(CancellationToken.None);

        await over.CancelAsync();
        await reports;
        meeting?.Leave(record.Book, null);
        return record.Result(run, startedAt, cancellation.IsCancellationRequested);
    }

    /// <summary>Where our own engine connects to, if it is the one: it can do what is asked, and the name of the host
    /// is known. What an unknown name means is the platform's to tell, for each request.</summary>
    private static async Task<EngineTarget?> RawAsync(
        LoadOptions options, TimeProvider time, CancellationToken cancellation) =>
        options.Engine == LoadEngine.Platform || LoadEngines.NotRaw(options) is not null || !EngineRun.CanRun(time)
            ? null
            : await EngineTarget.FindAsync(options.Classes[0].Url, time, cancellation);

    /// <summary>Starts every request at its time, on a thread of its own that nothing else can hold up.</summary>
    private static void Offer(LoadOptions options, LoadClient client, LoadSchedule schedule, LoadRecord record,
        LoadPace pace, SemaphoreSlim slots, CancellationToken cancellation)
    {
        for (var i = 0L; i < schedule.Count; i++)
        {
            var (index, @class, intended) = (i, schedule.NextClass(i), schedule.At(i));
            if (!options.Part.Has(i)) continue;
            if (!pace.WaitUntil(intended)) return;
            // Owned by its slot, for which the run waits.
            if (slots.Wait(TimeSpan.Zero, CancellationToken.None)) _ = Task.Run(OneAsync, CancellationToken.None);
            else record.Unsent(new(@class, index, intended, pace.Now, pace.Now, TooMany(options)));

            async Task OneAsync()
            {
                try
                {
                    var begun = pace.Now;
                    record.Began(begun - intended);
                    var outcome = await client.SendAsync(@class, index, cancellation);
                    record.Ended(new(@class, index, intended, begun, pace.Now, outcome));
                }
                finally
                {
                    slots.Release();
                }
            }
        }
    }

    internal static LoadOutcome TooMany(LoadOptions options) =>
        LoadOutcome.Failed(LoadFailure.Unsent, $"{options.MaxInFlight} requests were in flight");

    internal static async Task ReportAsync(
        LoadRecord record, LoadPace pace, IProgress<LoadProgress>? progress, TimeSpan every, TimeProvider time,
        CancellationToken over)
    {
        if (progress is null) return;
        using var timer = new PeriodicTimer(every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(over)) progress.Report(record.Progress(pace.Now));
        }
        catch (OperationCanceledException) { }
    }
}
