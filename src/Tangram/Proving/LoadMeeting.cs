namespace Tangram.Proving;

/// <summary>What a load does that is a part of one on several machines: it waits for the others, says when it began,
/// and leaves what it counted as it counted it, for percentiles do not add up.</summary>
/// <param name="run">Of all of them.</param>
/// <param name="waits">Everything is prepared: until all shall begin. Throws <see
/// cref="OperationCanceledException"/>.</param>
/// <param name="began">Given the timestamp of the start.</param>
internal sealed class LoadMeeting(string run, Func<CancellationToken, Task> waits, Action<long> began)
{
    public string Run => run;
    public LoadBook? Book { get; private set; }

    /// <summary>How soon answers were read; null when the engine does not know.</summary>
    public LatencyHistogram? Reading { get; private set; }

    public Task WaitAsync(CancellationToken cancellation) => waits(cancellation);

    public void Began(long timestamp) => began(timestamp);

    public void Leave(LoadBook book, LatencyHistogram? reading) => (Book, Reading) = (book, reading);
}
