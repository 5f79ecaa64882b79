using System.Runtime.CompilerServices;

namespace Tangram.Routing;

/// <summary>The backends that one request has already tried, without an allocation.</summary>
public struct Tried
{
    private Slots _slots;

    public int Count { get; private set; }

    public void Add(Backend backend)
    {
        if (Count < RetryPolicy.MostAttempts) _slots[Count++] = backend.Counters;
    }

    public readonly bool Contains(Backend backend)
    {
        for (var i = 0; i < Count; i++) if (ReferenceEquals(_slots[i], backend.Counters)) return true;
        return false;
    }

    public void Clear() => (Count, _slots) = (0, default);

    [InlineArray(RetryPolicy.MostAttempts)]
    private struct Slots
    {
        private BackendCounters? _first;
    }
}
