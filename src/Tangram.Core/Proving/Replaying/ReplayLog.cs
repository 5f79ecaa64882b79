using Tangram.Model;

namespace Tangram.Proving.Replaying;

/// <summary>A request of a log in 16 bytes.</summary>
/// <param name="Ticks">Of 100 ns, since the year 1.</param>
/// <param name="Start">Where its path begins, in all chunks one behind the other.</param>
internal readonly record struct ReplayEntry(long Ticks, int Start, ushort Length, ushort Kind)
{
    /// <summary>Paths lie in pieces of so many bytes: when they become more, none has to be moved.</summary>
    public const int Chunk = 1 << 20;

    private const int StatusBits = 10;

    public ReplayEntry(long ticks, int start, ushort length, byte method, int status)
        : this(ticks, start, length, (ushort)(method << StatusBits | status)) { }

    public int Method => Kind >> StatusBits;
    public int Status => Kind & (1 << StatusBits) - 1;
}

/// <summary>What an access log asks for, and when: the schedule of an open loop. Safe for any thread.</summary>
public sealed class ReplayLog
{
    public const double SlowestSpeed = 0.001, HighestSpeed = 1_000_000;

    /// <summary>Those that are sent; of these the first three change nothing (RFC 9110, 9.2.1).</summary>
    public static readonly EquatableArray<string> Methods =
        ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

    private static readonly byte[][] Names = [.. Methods.Select(System.Text.Encoding.ASCII.GetBytes)];

    private readonly ReplayEntry[] _entries;
    private readonly byte[][] _chunks;
    private readonly int[] _kinds;
    private readonly double _speed;

    internal ReplayLog(List<ReplayEntry> entries, List<byte[]> chunks)
    {
        _entries = [.. entries];
        _chunks = [.. chunks];
        // When their times are the same, in the order of their lines, which that of their paths is too.
        Array.Sort(_entries, (a, b) => a.Ticks == b.Ticks ? a.Start.CompareTo(b.Start) : a.Ticks.CompareTo(b.Ticks));
        Spread(_entries);
        (_speed, Count) = (1, _entries.Length);
        _kinds = Kinds();
    }

    private ReplayLog(ReplayLog all, double speed, int count)
    {
        (_entries, _chunks, _speed, Count) = (all._entries, all._chunks, speed, count);
        _kinds = Kinds();
    }

    /// <summary>How many requests.</summary>
    public int Count { get; }

    /// <summary>When the first was asked for.</summary>
    public DateTimeOffset From => new(_entries[0].Ticks, TimeSpan.Zero);

    /// <summary>When the last was.</summary>
    public DateTimeOffset To => new(_entries[Count - 1].Ticks, TimeSpan.Zero);

    /// <summary>From the first to the last, at the log's own speed.</summary>
    public TimeSpan Span => To - From;

    /// <summary>From the start to when the last is due.</summary>
    public TimeSpan Lasts => At(Count - 1);
    public double Speed => _speed;

    /// <summary>The longest path, in bytes.</summary>
    public int LongestTarget => _entries.Take(Count).Max(entry => (int)entry.Length);

    /// <summary>How many are due in the second that has most.</summary>
    public int Busiest
    {
        get
        {
            var most = 0;
            for (int first = 0, i = 0; i < Count; i++)
            {
                while (At(i) - At(first) >= TimeSpan.FromSeconds(1)) first++;
                most = Math.Max(most, i - first + 1);
            }
            return most;
        }
    }

    /// <summary>The methods that occur, of which <see cref="Class"/> is an index.</summary>
    public EquatableArray<string> Used => Methods.Where((_, method) => _kinds[method] >= 0).ToEquatableArray();

    /// <summary>The longest time in which nothing was asked for.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Gap
    {
        get
        {
            var at = Enumerable.Range(1, Count - 1).Select(i => (i, _entries[i].Ticks - _entries[i - 1].Ticks))
                .DefaultIfEmpty((0, 0L)).MaxBy(gap => gap.Item2).Item1;
            return (new(_entries[Math.Max(0, at - 1)].Ticks, TimeSpan.Zero), new(_entries[at].Ticks, TimeSpan.Zero));
        }
    }

    /// <summary>As many times as fast, and only what is due within <paramref name="most"/> then.</summary>
    public ReplayLog Played(double speed, TimeSpan? most)
    {
        var faster = new ReplayLog(this, speed, _entries.Length);
        if (most is not { } end || faster.Lasts < end) return faster;
        var (first, last) = (1, Count);
        while (first < last)
            if (faster.At((first + last) / 2) < end) first = (first + last) / 2 + 1;
            else last = (first + last) / 2;
        return new ReplayLog(this, speed, first);
    }

    /// <summary>When it is due, since the start of the run; what is behind the last, when that is.</summary>
    public TimeSpan At(long index) =>
        TimeSpan.FromTicks((long)((_entries[Math.Min(index, Count - 1)].Ticks - _entries[0].Ticks) / _speed));

    public int Class(long index) => _kinds[_entries[index].Method];

    /// <summary>That the log has; 0: none.</summary>
    public int Status(long index) => _entries[index].Status;

    public ReadOnlySpan<byte> Target(long index)
    {
        var entry = _entries[index];
        return _chunks[entry.Start / ReplayEntry.Chunk].AsSpan(entry.Start % ReplayEntry.Chunk, entry.Length);
    }

    internal static int MethodOf(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < Names.Length; i++)
            if (name.SequenceEqual(Names[i])) return i;
        return -1;
    }

    internal static bool IsSafe(int method) => method < 3;

    /// <summary>When all times of a log are whole seconds, those of one second were spread over it, evenly for want of
    /// anything that is known.</summary>
    private static void Spread(Span<ReplayEntry> entries)
    {
        foreach (var entry in entries)
            if (entry.Ticks % TimeSpan.TicksPerSecond != 0) return;
        for (var first = 0; first < entries.Length;)
        {
            var (second, end) = (entries[first].Ticks, first);
            while (end < entries.Length && entries[end].Ticks == second) end++;
            for (var i = first; i < end; i++)
                entries[i] = entries[i] with
                {
                    Ticks = second + TimeSpan.TicksPerSecond * (i - first) / (end - first),
                };
            first = end;
        }
    }

    private int[] Kinds()
    {
        var kinds = Enumerable.Repeat(-1, Methods.Count).ToArray();
        for (var i = 0; i < Count; i++) kinds[_entries[i].Method] = 0;
        for (int i = 0, next = 0; i < kinds.Length; i++)
            if (kinds[i] == 0) kinds[i] = next++;
        return kinds;
    }
}
