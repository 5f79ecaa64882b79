namespace Tangram.Proving;

/// <summary>A histogram as one machine tells it to another.</summary>
/// <param name="Counts">In HdrHistogram's compressed form, which does not hold the other two exactly.</param>
internal sealed record WrittenHistogram(byte[] Counts, TimeSpan Max, TimeSpan Sum);

/// <summary>A book, kind by kind. Null: nothing was counted.</summary>
internal sealed record WrittenBook(
    WrittenTally[] Tallies, WrittenHistogram?[] Latencies, WrittenHistogram?[] Uncorrected,
    WrittenHistogram? Lateness, TimeSpan LastBegun, TimeSpan LastEnded);
