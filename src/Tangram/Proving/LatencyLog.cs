using System.Text;
using static System.FormattableString;

namespace Tangram.Proving;

/// <summary>All latencies of a run by the second in which their requests ended, as HdrHistogram's interval logs have
/// them. Logs add up. Each second costs some hundred bytes for each kind of request. Not safe for several threads at
/// once.</summary>
/// <param name="names">Of the kinds of requests.</param>
internal sealed class LatencyLog(IReadOnlyList<string> names)
{
    public const string Uncorrected = "uncorrected";

    private readonly List<Piece> _pieces = [];
    private readonly LatencyHistogram?[] _corrected = new LatencyHistogram?[names.Count];
    private readonly LatencyHistogram?[] _uncorrected = new LatencyHistogram?[names.Count];
    private int _second;

    /// <summary>One second of one kind.</summary>
    internal sealed record Piece(int Second, int Name, byte[] Corrected, byte[] Uncorrected);

    /// <summary>An empty one for another thread.</summary>
    public LatencyLog Another() => new(names);

    /// <param name="ended">A request that ended a moment before another one of the second after is counted with
    /// it.</param>
    public void Add(int name, TimeSpan ended, TimeSpan latency, TimeSpan uncorrected)
    {
        var second = (int)(ended.Ticks / TimeSpan.TicksPerSecond);
        if (second > _second)
        {
            Close();
            _second = second;
        }
        (_corrected[name] ??= new()).Add(latency);
        (_uncorrected[name] ??= new()).Add(uncorrected);
    }

    public IReadOnlyList<Piece> Pieces()
    {
        Close();
        return _pieces;
    }

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public void Add(Piece other)
    {
        WrittenCounts.Check(other is { Second: >= 0 and < WrittenCounts.MostSeconds, Name: >= 0 }
            && other.Name < names.Count && _pieces.Count < WrittenCounts.MostSeconds * names.Count, "this second");
        // What cannot be read is found now.
        new LatencyHistogram().AddForeign(other.Corrected);
        new LatencyHistogram().AddForeign(other.Uncorrected);
        _pieces.Add(other);
    }

    public void Add(LatencyLog other)
    {
        other.Close();
        _pieces.AddRange(other._pieces);
    }

    /// <summary>Of all kinds without a tag, and what is uncorrected under one; of several kinds each under its own
    /// too.</summary>
    public void Write(Stream to, DateTimeOffset startedAt)
    {
        Close();
        using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        var start = startedAt.ToUnixTimeMilliseconds() / 1000.0;
        text.WriteLine("#[Latencies in microseconds, the highest in milliseconds; by the second of their end]");
        text.WriteLine("#[Histogram log format version 1.3]");
        text.WriteLine(Invariant($"#[StartTime: {start:F3} (seconds since epoch), ") +
            Invariant($"{startedAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}]"));
        text.WriteLine(Invariant($"#[BaseTime: {start:F3} (seconds since epoch)]"));
        text.WriteLine("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"");
        var tags = Tags();
        foreach (var second in _pieces.GroupBy(piece => piece.Second).OrderBy(second => second.Key))
        {
            Line(text, "", second.Key, second.Select(piece => piece.Corrected));
            Line(text, Uncorrected, second.Key, second.Select(piece => piece.Uncorrected));
            if (names.Count > 1)
                foreach (var kind in second.GroupBy(piece => piece.Name).OrderBy(kind => kind.Key))
                    Line(text, tags[kind.Key], second.Key, kind.Select(piece => piece.Corrected));
        }
    }

    /// <summary>The names without what ends a tag, each of them once.</summary>
    internal string[] Tags()
    {
        var taken = new HashSet<string>(StringComparer.Ordinal) { Uncorrected };
        return [.. names.Select(name =>
        {
            var plain = string.Concat(name.EnumerateRunes().Select(rune =>
                Rune.IsWhiteSpace(rune) || Rune.IsControl(rune) || rune.Value is ',' or '"' or '#' or 0xFFFD
                    ? "_" : rune.ToString()));
            var tag = plain.Length == 0 ? "_" : plain;
            for (var i = 2; !taken.Add(tag); i++) tag = $"{plain}~{i}";
            return tag;
        })];
    }

    private void Close()
    {
        for (var i = 0; i < _corrected.Length; i++)
        {
            if (_corrected[i] is not { IsEmpty: false } corrected || _uncorrected[i] is not { } uncorrected) continue;
            _pieces.Add(new(_second, i, corrected.Encoded(), uncorrected.Encoded()));
            corrected.Clear();
            uncorrected.Clear();
        }
    }

    private static void Line(StreamWriter text, string tag, int second, IEnumerable<byte[]> parts)
    {
        var all = parts.ToList();
        var sum = new LatencyHistogram();
        foreach (var part in all) sum.AddEncoded(part);
        var bytes = all.Count == 1 ? all[0] : sum.Encoded();
        text.WriteLine((tag.Length > 0 ? $"Tag={tag}," : "") +
            Invariant($"{second:F3},1.000,{sum.Top.TotalMilliseconds:F3},{Convert.ToBase64String(bytes)}"));
    }
}
