using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>Virtual time: what happens when. Things due at the same instant happen in the order they were scheduled, so
/// one seed gives one history.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (long At, long Order)> _queue = new();
    private long _order;

    public Instant Now { get; private set; }

    public void After(TimeSpan delay, Action act) => _queue.Enqueue(act, ((Now + delay).Ticks, _order++));

    /// <summary>Does the next thing; false when it lies beyond <paramref name="until"/>.</summary>
    public bool Step(Instant until)
    {
        if (!_queue.TryPeek(out _, out var due) || due.At > until.Ticks)
        {
            Now = until;
            return false;
        }
        var act = _queue.Dequeue();
        Now = new Instant(due.At);
        act();
        return true;
    }
}
