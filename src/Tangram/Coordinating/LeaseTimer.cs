using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Wakes a store when a lease may have ended. Set again only when that time comes nearer, so that renewals,
/// which move it away, cost nothing: a wake too early finds nothing due and sets the timer anew.</summary>
internal sealed class LeaseTimer : IDisposable
{
    /// <summary>The resolution of the runtime's timers.</summary>
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Action _wake;
    private readonly ITimer _timer;
    private Instant? _set;

    public LeaseTimer(TimeProvider time, Action wake)
    {
        (_time, _wake) = (time, wake);
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void WakeAt(Instant? next)
    {
        if (next is not { } at) return;
        lock (_gate)
        {
            if (_set is { } set && set <= at) return;
            _set = at;
            var wait = at - _time.Now();
            _timer.Change(wait < Soonest ? Soonest : wait, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Ring()
    {
        lock (_gate) _set = null;
        _wake();
    }
}
