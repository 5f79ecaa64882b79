using System.Text;
using Tangram.Model;

namespace Tangram.Proving.Replaying;

/// <summary>Reads an access log piece by piece and keeps what can be sent again: 16 bytes a request, and its path. Not
/// safe for several threads at once.</summary>
/// <param name="withUnsafe">Those that change something too, without their bodies, which no log has.</param>
public sealed class ReplayReader(bool withUnsafe)
{
    /// <summary>In bytes. Servers take a head of 8 to 64 KiB, of which a line has a part.</summary>
    public const int LongestLine = 64 << 10;

    /// <summary>Of a log: memory has to end somewhere. They take 160 MB, and their paths at most 1 GB.</summary>
    public const int MostRequests = 10_000_000;
    private const int MostChunks = 1024;

    /// <summary>More would push the rest off the screen.</summary>
    private const int MostTold = 5;

    /// <summary>So many lines without one that can be read are enough to say that it is no access log.</summary>
    private const int HopelessLines = 1000, HopelessBytes = 1 << 20;

    private readonly byte[] _carry = new byte[LongestLine], _room = new byte[LongestLine];
    private readonly byte[] _target = new byte[3 * LongestLine + 1];
    private readonly List<(long Line, string Why)> _told = [];
    private readonly SortedDictionary<string, long> _leftOut = new(StringComparer.Ordinal);
    private readonly List<ReplayEntry> _entries = [];
    private readonly List<byte[]> _chunks = [];
    private int _carried, _chunkUsed;
    private bool _tooLong;
    private long _bytes;

    /// <summary>Those that are not empty.</summary>
    public long Lines { get; private set; }
    public long Unreadable { get; private set; }

    /// <summary>The number of the last line, from 1, empty ones counted.</summary>
    public long LineNumber { get; private set; }

    /// <summary>What can be read and is not sent, by what it is.</summary>
    public IReadOnlyDictionary<string, long> LeftOut => _leftOut;
    public int Requests => _entries.Count;

    /// <summary>There is no room for more.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Nothing of all this could be read: there is no point in reading on.</summary>
    public bool IsHopeless => Unreadable == Lines && (Lines >= HopelessLines || _bytes >= HopelessBytes);

    /// <summary>At least one line of this beginning of a file is one of an access log.</summary>
    public static bool IsLog(ReadOnlySpan<byte> beginning)
    {
        var reader = new ReplayReader(withUnsafe: false);
        reader.Take(beginning);
        reader.End();
        return reader.Lines > reader.Unreadable;
    }

    /// <summary>The next bytes, cut anywhere.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        _bytes += bytes.Length;
        for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
            if (_carried == 0 && !_tooLong && end <= LongestLine) Line(bytes[..end]);
            else
            {
                Carry(bytes[..end]);
                EndCarried();
            }
        Carry(bytes);
    }

    /// <summary>There are no more: a last line needs no end.</summary>
    public void End()
    {
        if (_carried > 0 || _tooLong) EndCarried();
    }

    /// <summary>What was read, in the order of its times; null when there is nothing to send.</summary>
    public ReplayLog? Log() => _entries.Count == 0 ? null : new ReplayLog(_entries, _chunks);

    /// <summary>Why there is nothing to replay, with what to do; null when there is.</summary>
    public string? Problem(string file)
    {
        if (Lines == 0) return $"{file} is empty: there is nothing to replay";
        if (IsFull)
            return $"{file} has more requests than are kept, {MostRequests} with 1 GB of paths: take a part of it, " +
                $"as by head -n {MostRequests}";
        if (Unreadable * 2 > Lines)
            return $"{Unreadable} of {Lines} lines of {file} could not be read, so it is no access log that is known " +
                $"here (common, combined or JSON; see docs/load.md):\n{string.Join('\n', Places(file))}";
        if (_entries.Count > 0) return null;
        var changing = LeftOut.Where(one => ReplayLog.Methods.Contains(one.Key)).ToList();
        return $"{file} has no request that is sent again: " +
            string.Join(", ", LeftOut.Select(one => $"{one.Value} {one.Key}")) +
            (changing.Count > 0 ? ". --unsafe sends what changes something too, without a body" : "");
    }

    /// <summary>Of lines that could not be read beside others that could.</summary>
    public IEnumerable<string> Warnings(string file) => Unreadable == 0 ? []
        : Places(file).Select(place => $"warning: {place}").Append(
            $"warning: {Unreadable} of {Lines} lines could not be read, and are left out");

    private IEnumerable<string> Places(string file) => _told.Select(one => $"{file}:{one.Line}: {one.Why}");

    private void Carry(ReadOnlySpan<byte> part)
    {
        _tooLong |= part.Length > LongestLine - _carried;
        if (_tooLong) return;
        part.CopyTo(_carry.AsSpan(_carried));
        _carried += part.Length;
    }

    private void EndCarried()
    {
        if (!_tooLong) Line(_carry.AsSpan(0, _carried));
        else
        {
            LineNumber++;
            Lines++;
            Refuse($"it is longer than {LongestLine} bytes");
        }
        (_carried, _tooLong) = (0, false);
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        LineNumber++;
        if (LineNumber == 1 && line is [0xEF, 0xBB, 0xBF, ..]) line = line[3..];
        line = line.Trim(" \t\r"u8);
        if (line.IsEmpty) return;
        Lines++;
        var kind = LogLine.Read(line, _room, out var read);
        if (kind == LineRead.Unreadable) Refuse(read.Why!);
        else if (kind == LineRead.NoRequest) Leave("without a request");
        else if (read.Status == 101) Leave("that became another protocol, such as WebSocket");
        else Keep(read);
    }

    private void Keep(in LogLine read)
    {
        var method = ReplayLog.MethodOf(read.Method);
        if (method < 0) Leave("of other methods than " + string.Join(", ", ReplayLog.Methods));
        else if (!withUnsafe && !ReplayLog.IsSafe(method)) Leave(ReplayLog.Methods[method]);
        else if (ReplayTarget.Write(read.Target, _target) is not (> 0 and var length))
            Leave("for something without a path");
        else if (length > ReplayTarget.Longest) Refuse($"its path is longer than {ReplayTarget.Longest} bytes");
        else if (_entries.Count == MostRequests || _chunks.Count == MostChunks && Left < length) IsFull = true;
        else
        {
            if (Left < length)
            {
                _chunks.Add(new byte[ReplayEntry.Chunk]);
                _chunkUsed = 0;
            }
            _target.AsSpan(0, length).CopyTo(_chunks[^1].AsSpan(_chunkUsed));
            _entries.Add(new(read.Ticks, (_chunks.Count - 1) * ReplayEntry.Chunk + _chunkUsed, (ushort)length,
                (byte)method, read.Status));
            _chunkUsed += length;
        }
    }

    private int Left => _chunks.Count == 0 ? 0 : ReplayEntry.Chunk - _chunkUsed;

    private void Leave(string what) => _leftOut[what] = _leftOut.GetValueOrDefault(what) + 1;

    private void Refuse(string why)
    {
        Unreadable++;
        if (_told.Count < MostTold) _told.Add((LineNumber, why));
    }
}
