namespace Tangram.Proving;

/// <summary>A tally as one machine tells it to another.</summary>
internal sealed record WrittenTally(
    long Sent, long Ok, long NonSuccess, long Failed, long Abandoned, long Elsewhere, StatusCount[] Statuses,
    WrittenTrouble[] Troubles);

/// <param name="Failure">Null: it is the status that is no success.</param>
internal sealed record WrittenTrouble(
    int Status, LoadFailure? Failure, long Count, TimeSpan First, TimeSpan Last, LoadExample[] Examples);

/// <summary>One second of a timeline.</summary>
/// <param name="Buckets">Of its latencies, from the bucket <paramref name="FirstBucket"/> on.</param>
internal sealed record WrittenSecond(
    int Second, long Due, long Sent, long Ok, long Bad, long BadSafe, long Elsewhere, TimeSpan Slowest,
    int FirstBucket, uint[] Buckets);

/// <summary>What comes over a line is looked at before it is counted.</summary>
internal static class WrittenCounts
{
    /// <summary>Twice the longest run.</summary>
    public const int MostSeconds = 2 * 86_400;

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public static void Check(bool holds, string what)
    {
        if (!holds) throw new FormatException($"{what} cannot be so");
    }
}
