using System.Text;
using System.Text.Json;

namespace Tangram.Observing;

/// <summary>What happened, for people: JSON lines in a file, and the newest ones in memory. It survives a restart; what
/// was written in the last moments before a power loss may be missing, for nothing decides by it.</summary>
internal sealed class EventLog : IDisposable
{
    /// <summary>Kept in memory, at about 200 bytes each, and so the most that one question can be answered
    /// with.</summary>
    public const int Remembered = 1_000;

    /// <summary>A file of this size is moved aside, replacing the one moved before.</summary>
    private const long Largest = 8 << 20;

    private readonly Lock _gate = new();
    private readonly Queue<EventView> _recent = new();
    private readonly string _path;
    private readonly TimeProvider _clock;
    private FileStream? _file;
    private bool _torn, _closed;
    private TaskCompletionSource _more = New();
    private long _last;

    private EventLog(string path, TimeProvider clock)
    {
        (_path, _clock) = (path, clock);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        foreach (var e in Lines(path + ".1").Concat(Lines(path))) Remember(e);
        _file = Open(path);
    }

    /// <summary>Reads what the file holds, then appends to it. One writer per file.</summary>
    public static EventLog At(string path, TimeProvider clock) => new(path, clock);

    public long Last { get { lock (_gate) return _last; } }

    /// <summary>Writes it down and wakes those who wait. A full disk costs the file the line, not the caller its
    /// work.</summary>
    public EventView Add(string subject, string what)
    {
        TaskCompletionSource waiting;
        EventView added;
        lock (_gate)
        {
            added = new EventView(_last + 1, _clock.GetUtcNow(), subject, what);
            Remember(added);
            Append(ViewJson.Write(added));
            (waiting, _more) = (_more, New());
        }
        waiting.SetResult();
        return added;
    }

    /// <summary>The remembered events with a higher number, oldest first.</summary>
    public EventView[] After(long number)
    {
        lock (_gate) return [.. _recent.Where(e => e.Number > number)];
    }

    /// <summary>As <see cref="After"/>, but waits for the first one. Empty when none came in time.</summary>
    public async Task<EventView[]> AfterAsync(long number, TimeSpan wait, CancellationToken cancellation)
    {
        Task more;
        lock (_gate)
        {
            if (_last > number || wait <= TimeSpan.Zero) return [.. _recent.Where(e => e.Number > number)];
            more = _more.Task;
        }
        try
        {
            await more.WaitAsync(wait, _clock, cancellation);
        }
        catch (TimeoutException)
        {
            return [];
        }
        return After(number);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _file?.Dispose();
        }
    }

    private void Remember(EventView e)
    {
        if (e.Number <= _last) return;
        _last = e.Number;
        _recent.Enqueue(e);
        if (_recent.Count > Remembered) _recent.Dequeue();
    }

    private void Append(string line)
    {
        try
        {
            if (_closed) return;
            if (_file is { Position: > Largest }) Rotate();
            _file ??= Open(_path);
            // Of a line for which there was no room, a part may stand there.
            _file.Write(Encoding.UTF8.GetBytes((_torn ? "\n" : "") + line + "\n"));
            _torn = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // It stays in memory; there is no better place to say that the log cannot be written.
            _torn = true;
        }
    }

    private void Rotate()
    {
        _file?.Dispose();
        _file = null;
        File.Move(_path, _path + ".1", overwrite: true);
    }

    private static FileStream Open(string path)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0);
        file.Seek(0, SeekOrigin.End);
        if (file.Length == 0) return file;
        // A torn last line shall not swallow the next one.
        file.Seek(-1, SeekOrigin.End);
        if (file.ReadByte() != '\n') file.WriteByte((byte)'\n');
        return file;
    }

    private static IEnumerable<EventView> Lines(string path)
    {
        if (!File.Exists(path)) yield break;
        foreach (var line in File.ReadLines(path))
            if (Parse(line) is { } e) yield return e;
    }

    // A torn line, or one of a later format, is passed over.
    private static EventView? Parse(string line)
    {
        try { return ViewJson.Read<EventView>(line); }
        catch (JsonException) { return null; }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
