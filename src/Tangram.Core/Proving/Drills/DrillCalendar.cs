using Tangram.Model;

namespace Tangram.Proving.Drills;

/// <summary>An occurrence of a drill's schedule that a wall clock has passed.</summary>
/// <param name="Newest">In UTC; those before it were missed together.</param>
public sealed record DueDrill(ScheduledDrillSpec Drill, DateTimeOffset Newest);

/// <summary>How the cluster is when somebody asks what shall be held.</summary>
/// <param name="Deploys">A revision goes out.</param>
/// <param name="Held">A drill goes on.</param>
public sealed record DrillSurroundings(bool Ready, bool Deploys, bool Held);

/// <summary>What becomes of an occurrence.</summary>
public abstract record CalendarStep
{
    private CalendarStep() { }

    public sealed record Hold(ScheduledDrillSpec Drill, DateTimeOffset Occurrence) : CalendarStep;

    public sealed record Skip(ScheduledDrillSpec Drill, DateTimeOffset Occurrence, string Because) : CalendarStep;
}

/// <summary>Decides which drill is held when. An occurrence that was not seen in time is not made up for: a drill is
/// practice, and practice at another hour than the one that was agreed upon is an accident. It knows wall time alone,
/// of one clock.</summary>
public sealed class DrillCalendar
{
    /// <summary>An occurrence that is seen within this time is not late: the clock is read once a second.</summary>
    public static readonly TimeSpan InTime = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(string, ScheduleSpec), DateTimeOffset> _handled = [];
    private readonly List<DueDrill> _waiting = [];

    /// <summary>Some wait for the cluster.</summary>
    public bool Waits => _waiting.Count > 0;

    /// <summary>Up to when its occurrences are decided, or wait here. Of what is new, none before now counts.</summary>
    public DateTimeOffset HandledOf(ScheduledDrillSpec drill, DateTimeOffset now)
    {
        // A clock that was put back must not keep a drill waiting for as long as that.
        if (!_handled.TryGetValue(KeyOf(drill), out var handled) || handled > now)
            _handled[KeyOf(drill)] = handled = now;
        return handled;
    }

    /// <param name="asked">What the revision in force asks for.</param>
    /// <param name="due">Of these, what is after <see cref="HandledOf"/>.</param>
    public IReadOnlyList<CalendarStep> On(IReadOnlyList<ScheduledDrillSpec> asked, IReadOnlyList<DueDrill> due,
        DrillSurroundings around, DateTimeOffset now)
    {
        var steps = new List<CalendarStep>();
        // What nobody asks for any more.
        _waiting.RemoveAll(one => !asked.Contains(one.Drill));
        foreach (var gone in _handled.Keys.Except(asked.Select(KeyOf)).ToList()) _handled.Remove(gone);
        foreach (var one in due) Admit(one, now, steps);
        foreach (var one in _waiting.OrderBy(one => one.Newest).ToList())
        {
            // It is looked at once a second: a deadline that is shorter is meant for the first look.
            var late = now - one.Newest;
            var most = one.Drill.StartingDeadline > InTime ? one.Drill.StartingDeadline : InTime;
            if (Hindrance(around, steps) is { } hindrance)
            {
                if (late > one.Drill.StartingDeadline) Skip(one, $"{hindrance} for {DrillAim.Words(late)}", steps);
            }
            else if (late > most) Skip(one, $"nobody saw it for {DrillAim.Words(late)}", steps);
            else
            {
                _waiting.Remove(one);
                steps.Add(new CalendarStep.Hold(one.Drill, one.Newest));
            }
        }
        return steps;
    }

    private void Admit(DueDrill one, DateTimeOffset now, List<CalendarStep> steps)
    {
        _handled[KeyOf(one.Drill)] = one.Newest;
        if (_waiting.Find(other => other.Drill == one.Drill) is { } before)
            Skip(before, "the next one had come", steps);
        if (now - one.Newest > InTime)
            steps.Add(new CalendarStep.Skip(one.Drill, one.Newest,
                $"nobody saw it in time: it would begin {DrillAim.Words(now - one.Newest)} late"));
        else _waiting.Add(one);
    }

    private void Skip(DueDrill one, string because, List<CalendarStep> steps)
    {
        _waiting.Remove(one);
        steps.Add(new CalendarStep.Skip(one.Drill, one.Newest, because));
    }

    /// <summary>Never two at once.</summary>
    private static string? Hindrance(DrillSurroundings around, List<CalendarStep> steps) =>
        around.Held || steps.Any(step => step is CalendarStep.Hold) ? "another drill was held"
        : around.Deploys ? "a revision went out"
        : !around.Ready ? "the cluster was not ready"
        : null;

    private static (string, ScheduleSpec) KeyOf(ScheduledDrillSpec drill) => (drill.Drill, drill.Schedule);
}
