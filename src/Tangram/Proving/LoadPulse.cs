namespace Tangram.Proving;

/// <summary>How long the generator keeps what it could go on with: every few milliseconds a piece of work is put where
/// answers are put too, and waits for a thread as they do.</summary>
internal sealed class LoadPulse
{
    /// <summary>Often enough for a mean in a second, and nothing beside the load.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Task _beating;
    private TimeSpan _sum;
    private long _count;

    public LoadPulse(TimeProvider time, CancellationToken over)
    {
        _time = time;
        _beating = Task.Factory.StartNew(() => Beat(over), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <summary>The mean since the start, once <c>over</c> was cancelled.</summary>
    public async Task<TimeSpan> HeldAsync()
    {
        await _beating;
        lock (_lock) return _count == 0 ? TimeSpan.Zero : _sum / _count;
    }

    private void Beat(CancellationToken over)
    {
        var pace = new LoadPace(_time, over);
        for (var next = Every; pace.WaitUntil(next); next += Every)
        {
            var put = _time.GetTimestamp();
            ThreadPool.UnsafeQueueUserWorkItem(_ => Add(_time.GetElapsedTime(put)), null);
        }
    }

    private void Add(TimeSpan held)
    {
        lock (_lock) (_sum, _count) = (_sum + held, _count + 1);
    }
}
