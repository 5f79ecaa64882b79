using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Planning;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>Reads the wall clock once a second, has <see cref="DrillCalendar"/> decide which drill is held, and starts
/// it; and says of every drill of this cluster, whoever held it, how it ended.</summary>
/// <param name="announce">A subject, and what happened to it.</param>
internal sealed class ScheduledDrillLoop(
    Func<ClusterState> state, FaultPlace place, Func<string, string, EventView> announce, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly DrillCalendar _calendar = new();
    private readonly DrillHistory _history = new(place.Folder);
    /// <summary>Somebody may hold one drill after another: between two of these nobody else's begins.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _told = [];
    private DrillProcess? _running;
    private DateTimeOffset _heldAt;

    public async Task RunAsync(CancellationToken cancellation)
    {
        _told.UnionWith(_history.Names());
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false)) Tick();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            _running?.Dispose();
        }
    }

    private void Tick()
    {
        // Before its results are looked at: one that has ended has written its own.
        var ended = _running?.Ended() == true;
        var results = TellResults();
        if (ended)
        {
            if (!results.Contains(_running!.Seed))
                announce("drill", $"{_running.Drill} was not held to its end: {_running.LastWords()}");
            _running.Dispose();
            _running = null;
        }
        var (now, seen) = (time.GetUtcNow(), state());
        var asked = seen.EffectiveSpec?.Drills ?? [];
        var due = new List<DueDrill>();
        foreach (var drill in asked)
            if (Cron.Of(drill.Schedule)?.Since(_calendar.HandledOf(drill, now), now, 1) is var (newest, _))
                due.Add(new DueDrill(drill, newest));
        if (FaultHolder.IsHeld(place.Folder)) _heldAt = now;
        if (due.Count == 0 && !_calendar.Waits) return;
        var status = Look.Status(seen, place.Name);
        var around = new DrillSurroundings(status.Ready, Rollouts.InProgress(seen),
            _running is not null || now - _heldAt is { Ticks: >= 0 } since && since < Between);
        foreach (var step in _calendar.On(asked, due, around, now))
            if (step is CalendarStep.Hold hold) Hold(hold);
            else if (step is CalendarStep.Skip skip)
                announce("drill", $"{skip.Drill.Drill} of {Words(skip.Occurrence)} is not held: {skip.Because}");
    }

    private void Hold(CalendarStep.Hold hold)
    {
        try
        {
            _running = DrillProcess.Start(hold.Drill, place);
            announce("drill", $"{hold.Drill.Drill} begins by its schedule, for {Words(hold.Occurrence)} " +
                $"(seed {_running.Seed})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            announce("drill", $"{hold.Drill.Drill} of {Words(hold.Occurrence)} cannot be started: {e.Message}");
        }
    }

    /// <summary>The seeds of those that were new.</summary>
    private List<ulong> TellResults()
    {
        // By name and not by time: a clock may be put back.
        var names = _history.Names();
        var seeds = new List<ulong>();
        foreach (var name in names.Where(_told.Add))
        {
            if (_history.Read(name) is not { } result) continue;
            seeds.Add(result.Seed);
            announce("drill", $"{result.Drill}: {DrillReport.Word(result.Verdict.Ruling)}: " +
                $"{string.Join("; ", result.Verdict.Because)} (seed {result.Seed})");
        }
        _told.IntersectWith(names);
        return seeds;
    }

    private static string Words(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture) + " UTC";
}
