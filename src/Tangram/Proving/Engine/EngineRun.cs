using Tangram.Deploying;

namespace Tangram.Proving.Engine;

/// <summary>What the threads of a run have in common.</summary>
internal sealed record EngineJob(
    LoadOptions Options, LoadWire[] Wires, EngineTarget Target, TimeProvider Time, long Start, int Threads,
    CancellationToken Cancellation)
{
    /// <summary>At the most.</summary>
    public int Connections { get; } = LoadEngines.Connections(Options);

    /// <summary>Each thread has a table of descriptors of its own (unshare(2)), because one is too small for all
    /// connections.</summary>
    public required bool OwnTables { get; init; }

    /// <summary>The kernel can wait for less than a millisecond (Linux 5.11).</summary>
    public required bool WaitsFinely { get; init; }

    /// <summary>Takes all latencies by the second, when the threads have ended; null: nobody wants it.</summary>
    public LatencyLog? Log { get; init; }
}

/// <summary>A load by our own engine: HTTP/1.1 in clear text, on Linux.</summary>
internal static class EngineRun
{
    /// <summary>Descriptors that the rest of the process uses, or may come to use.</summary>
    private const int Others = 400;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    /// <summary>The clock that it needs counts nanoseconds, as the system's does.</summary>
    public static bool CanRun(TimeProvider time) =>
        OperatingSystem.IsLinux() && Environment.Is64BitProcess && time.TimestampFrequency == 1_000_000_000;

    /// <summary>As <see cref="LoadRun.RunAsync"/>, of options that it can carry out.</summary>
    public static async Task<LoadResult> RunAsync(LoadOptions options, EngineTarget target,
        IProgress<LoadProgress>? progress, TimeProvider time, CancellationToken cancellation, LatencyLog? log = null,
        LoadMeeting? meeting = null)
    {
        var run = meeting?.Run ?? Guid.NewGuid().ToString("N")[..12];
        var connections = LoadEngines.Connections(options);
        var limit = EngineCalls.Descriptors(connections + Others) - Others;
        var threads = LoadEngines.Threads(options, Environment.ProcessorCount, (int)Math.Max(1, limit));
        if (meeting is not null) await meeting.WaitAsync(cancellation);
        var startedAt = time.GetUtcNow();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var job = new EngineJob(options, [.. options.Classes.Select(c => LoadWire.Of(options, c, run))], target, time,
            time.GetTimestamp(), threads, stop.Token)
        {
            OwnTables = connections > limit,
            WaitsFinely = WaitsFinely(), Log = log,
        };
        var all = Enumerable.Range(0, threads).Select(part => Thread(job, part)).ToArray();
        var running = Task.WhenAll(all.Select(one => RunAsync(one, stop)));
        meeting?.Began(job.Start);
        await TellAsync(all, job, running, progress);
        await running;
        return Result(job, all, run, startedAt, cancellation.IsCancellationRequested, meeting);
    }

    private static EngineThread Thread(EngineJob job, int part) =>
        job.Options.Users is null ? new OpenThread(job, part) : new ClosedThread(job, part);

    /// <summary>When one of them fails, the others have nothing to go on for.</summary>
    private static Task RunAsync(EngineThread one, CancellationTokenSource stop) => Task.Factory.StartNew(
        () =>
        {
            try { one.Run(); }
            catch
            {
                stop.Cancel();
                throw;
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static async Task TellAsync(
        EngineThread[] all, EngineJob job, Task running, IProgress<LoadProgress>? progress)
    {
        if (progress is null) return;
        var planned = job.Options.Users is null ? new LoadSchedule(job.Options).Own : 0;
        using var timer = new PeriodicTimer(job.Options.ReportEvery, job.Time);
        while (await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask()) != running)
        {
            foreach (var one in all) one.Progress.Ask();
            while (!running.IsCompleted && all.Any(one => one.Progress.IsAsked)) await Task.Delay(Look, job.Time);
            if (!running.IsCompleted)
                progress.Report(EngineProgress.Of(
                    all.Select(one => one.Progress), job.Time.GetElapsedTime(job.Start), planned));
        }
    }

    private static LoadResult Result(
        EngineJob job, EngineThread[] all, string run, DateTimeOffset startedAt, bool interrupted,
        LoadMeeting? meeting)
    {
        var book = all[0].Flights.Book;
        var reading = new LatencyHistogram();
        foreach (var one in all.Skip(1)) book.Add(one.Flights.Book);
        if (book.Log is { } kept) job.Log?.Add(kept);
        foreach (var one in all) reading.Add(one.Reading);
        meeting?.Leave(book, reading);
        var planned = job.Options.Users is null ? new LoadSchedule(job.Options).Own : 0;
        return book.Result(new(run, startedAt, planned, all.Sum(one => one.Flights.Most), interrupted, Effort));

        LoadEffort Effort(LoadCounts total, TimeSpan elapsed)
        {
            var ticks = Math.Max(1, elapsed.Ticks);
            var latencies = (double)total.Latency.Mean.Ticks * total.Latency.Count;
            return new()
            {
                Engine = LoadEngine.Raw,
                Threads = all.Length,
                Cpu = new TimeSpan(all.Sum(one => one.Cpu.Ticks)),
                Busiest = Math.Round(all.Max(one => one.Busy), 3),
                MeanInFlight = Math.Round(all.Sum(one => one.Flights.Area) / (double)ticks, 3),
                LittleInFlight = Math.Round((latencies - all.Sum(one => one.Flights.Delay)) / ticks, 3),
                Reading = reading.Summary(),
            };
        }
    }

    private static unsafe bool WaitsFinely()
    {
        var epoll = Native.EpollCreate(Native.CloseOnExec);
        if (epoll < 0) return false;
        var events = stackalloc byte[16];
        var can = EngineCalls.Wait(epoll, events, 1, 0) == 0;
        _ = Native.Close(epoll);
        return can;
    }
}
