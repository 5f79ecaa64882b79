namespace Tangram.Proving.Scenarios;

/// <summary>Gives users their rows. Safe for many threads.</summary>
internal sealed class ScenarioRows(IReadOnlyList<(DataSpec Spec, DataTable Table)> files)
{
    private readonly long[] _taken = new long[files.Count];

    /// <summary>False when a file that is to be used once has no row left.</summary>
    /// <param name="first">This user was not here before.</param>
    /// <param name="group">The number of the user's, from 0.</param>
    public bool Give(ScenarioUser user, int group, bool first)
    {
        for (var i = 0; i < files.Count; i++)
        {
            var (spec, table) = files[i];
            if (spec.OncePerUser && !first || spec.Group is { } only && only != group) continue;
            if (table.Row(spec, Interlocked.Increment(ref _taken[i]) - 1) is not { } row) return false;
            user.Take(table.Columns, row);
        }
        return true;
    }
}

/// <summary>Keeps the paces of <see cref="ScenarioItem.Pace"/>. Safe for many threads.</summary>
internal sealed class ScenarioPaces
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(int, int, int), TimeSpan> _next = [];

    /// <summary>When this user may go on: each takes the next place in the row.</summary>
    public TimeSpan Next(ScenarioItem.Pace pace, int group, int user, TimeSpan due)
    {
        lock (_lock)
        {
            var key = pace.Of(group, user);
            var at = _next.TryGetValue(key, out var next) && next > due ? next : due;
            _next[key] = at + TimeSpan.FromMinutes(1 / pace.PerMinute);
            return at;
        }
    }
}
