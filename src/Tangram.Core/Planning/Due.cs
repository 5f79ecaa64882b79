using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Occurrences of a schedule whose time has come and that were not decided yet, as a server's wall clock sees
/// it.</summary>
/// <param name="Times">See <see cref="ScheduleSpec.Times"/>: the schedule that was asked.</param>
/// <param name="Newest">In UTC.</param>
/// <param name="Count">How many, up to <see cref="Most"/>.</param>
public sealed record Due(ServiceName Job, string Times, DateTimeOffset Newest, int Count)
{
    /// <summary>Beyond it nobody counts.</summary>
    public const int Most = 1000;
}
