namespace Tangram.Proving;

/// <summary>Which of several addresses a request tries first, and which then. They take turns; one that failed is left
/// alone, but for one request in every <see cref="Rest"/> that finds out whether it is back. Not safe for several
/// threads at once. Times are since the start of the run.</summary>
public sealed class LoadAddresses(int count)
{
    /// <summary>Short beside an outage, long beside what one attempt costs.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly bool[] _failed = new bool[count];
    private readonly TimeSpan[] _again = new TimeSpan[count];

    /// <summary>Every address once, in the order in which the request with this index shall try them.</summary>
    public int[] Order(long index, TimeSpan now)
    {
        var turn = (int)(index % count);
        var first = Enumerable.Range(turn, count).Select(i => i % count)
            .FirstOrDefault(a => !_failed[a] || now >= _again[a], turn);
        if (_failed[first]) _again[first] = now + Rest;
        return [.. Enumerable.Range(first, count).Select(i => i % count).OrderBy(a => a != first && _failed[a])];
    }

    public void Failed(int address, TimeSpan now) => (_failed[address], _again[address]) = (true, now + Rest);

    public void Worked(int address) => _failed[address] = false;
}
