using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Deploying;

/// <summary>Reads the wall clock for the leader a few times a second, and says which occurrences are due by it. What is
/// done about them, Core decides.</summary>
internal sealed class ScheduleLoop(Func<ClusterState> state, Action<Event> post, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, Cron?> _known = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            do post(Read());
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    public ClockRead Read()
    {
        var (now, seen) = (time.GetUtcNow(), state());
        var due = new List<Due>();
        foreach (var service in seen.EffectiveSpec?.Services ?? [])
            if (service.Schedule is { } schedule && Jobs.Of(seen, service.Name) is { Handled: { } handled } job
                && job.Times == schedule.Times
                && CronOf(schedule)?.Since(handled, now, Due.Most) is var (newest, count))
                due.Add(new Due(service.Name, schedule.Times, newest, count));
        return new ClockRead(now, [.. due]);
    }

    private Cron? CronOf(ScheduleSpec schedule)
    {
        // Schedules of revisions that are gone.
        if (_known.Count > 1_000) _known.Clear();
        if (!_known.TryGetValue(schedule.Times, out var cron)) _known[schedule.Times] = cron = Cron.Of(schedule);
        return cron;
    }
}
