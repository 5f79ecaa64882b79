using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Those who wait, with a limit. The highest class is taken first, and of one class the newest: when more
/// come than can be served, the newest can still be served before their clients give up, while serving the oldest first
/// would make all of them late. When it is full, the oldest of the lowest class gives way, unless the one that comes is
/// of a class below.</summary>
/// <remarks>Not thread-safe. Every operation is O(1).</remarks>
internal sealed class WaitingLine
{
    private static readonly int Classes = Enum.GetValues<PriorityClass>().Length;

    private readonly LinkedList<Waiting>[] _byClass = [.. Enumerable.Range(0, Classes)
        .Select(_ => new LinkedList<Waiting>())];

    public int Count { get; private set; }

    /// <summary>False when there is no place. <paramref name="gone"/> had to give way.</summary>
    public bool TryAdd(Waiting waiting, int most, out Waiting? gone)
    {
        gone = null;
        if (Count >= most)
        {
            if (Lowest() is not { } lowest || lowest.Class > waiting.Class) return false;
            Remove(lowest);
            gone = lowest;
        }
        _byClass[(int)waiting.Class].AddLast(waiting.Place);
        Count++;
        return true;
    }

    /// <summary>Null when nobody waits.</summary>
    public Waiting? TakeNext()
    {
        for (var at = Classes - 1; at >= 0; at--)
        {
            if (_byClass[at].Last is not { } newest) continue;
            Remove(newest.Value);
            return newest.Value;
        }
        return null;
    }

    /// <summary>False when it does not wait here any more.</summary>
    public bool Remove(Waiting waiting)
    {
        if (waiting.Place.List is not { } line) return false;
        line.Remove(waiting.Place);
        Count--;
        return true;
    }

    private Waiting? Lowest()
    {
        foreach (var line in _byClass) if (line.First is { } oldest) return oldest.Value;
        return null;
    }
}
