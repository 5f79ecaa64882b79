using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Tangram.Model;

namespace Tangram.Routing.Records;

/// <summary>The access log of one gateway. A request leaves its note in a queue and goes on; a thread of the log's
/// own turns notes into lines. When the queue is full, or the file cannot be written, lines are dropped and
/// counted.</summary>
internal sealed class AccessLog : IAsyncDisposable
{
    /// <summary>Six seconds of ten thousand requests each, should the disk stand still; about 30 MB.</summary>
    private const int MostWaiting = 65_536;

    /// <summary>As many as come between two turns of the writer.</summary>
    private const int MostSpare = 16_384;
    private const int LargestWrite = 64 * 1024;
    private const int SigUsr1 = 10;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Action<string> _announce;
    private readonly PosixSignalRegistration _signal;
    private readonly ConcurrentQueue<RequestNote> _waiting = new(), _spare = new();
    private readonly AutoResetEvent _turn = new(false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly AccessLine _line = new();
    private AccessLogSpec? _spec, _last;
    private LogOutput? _output;
    private ITimer? _timer;
    private int _waits, _spares, _reopen;
    private bool _closing, _told;

    /// <param name="folder">Where the file lies when the spec names none.</param>
    public AccessLog(string folder, TimeProvider time, Action<string> announce)
    {
        (_folder, _time, _announce) = (folder, time, announce);
        // Without a log too: who rotates it may not know, and the signal would end the process.
        _signal = PosixSignalRegistration.Create((PosixSignal)SigUsr1, signal =>
        {
            signal.Cancel = true;
            Reopen();
        });
    }

    public GatewayFigures Figures { get; } = new();

    /// <summary>Requests that begin now are logged.</summary>
    public bool On => Volatile.Read(ref _spec) is not null;

    /// <summary>Where it is written; null: nowhere.</summary>
    public string? Path => PathOf(Volatile.Read(ref _spec));

    /// <summary>From now on as this says; null: not at all.</summary>
    public void Use(AccessLogSpec? spec)
    {
        lock (_gate)
        {
            if (_closing) return;
            Volatile.Write(ref _spec, spec);
            if (spec is null || _timer is not null) return;
            _timer = _time.CreateTimer(_ => _turn.Set(), null, Every, Every);
            new Thread(Run) { IsBackground = true, Name = "access log" }.Start();
        }
    }

    /// <summary>Takes the note over, and gives another one for the next request. Never waits.</summary>
    public RequestNote Write(RequestNote note)
    {
        if (Interlocked.Increment(ref _waits) > MostWaiting)
        {
            Interlocked.Decrement(ref _waits);
            Figures.DroppedLines.Add();
            return note;
        }
        _waiting.Enqueue(note);
        if (!_spare.TryDequeue(out var next)) return new RequestNote();
        Interlocked.Decrement(ref _spares);
        return next;
    }

    /// <summary>The file is opened again before the next line, because somebody has moved it.</summary>
    public void Reopen() => Volatile.Write(ref _reopen, 1);

    /// <summary>Writes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closing) return;
            _closing = true;
            if (_timer is null) _ended.TrySetResult();
        }
        _turn.Set();
        await _ended.Task.ConfigureAwait(false);
        if (_timer is not null) await _timer.DisposeAsync().ConfigureAwait(false);
        _signal.Dispose();
        _turn.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!Volatile.Read(ref _closing))
            {
                _turn.WaitOne();
                WriteWaiting();
            }
            WriteWaiting();
        }
        finally
        {
            _output?.Dispose();
            _ended.TrySetResult();
        }
    }

    private void WriteWaiting()
    {
        // What began before the log was ended is still in it.
        if ((_last = Volatile.Read(ref _spec) ?? _last) is not { } spec) return;
        var (now, lines) = (_time.GetUtcNow(), 0);
        var ticks = _time.GetElapsedTime(0).Ticks;
        while (_waiting.TryDequeue(out var note))
        {
            Interlocked.Decrement(ref _waits);
            // The clock is read once for all of them, and each knows when it began.
            note.At = now - TimeSpan.FromTicks(ticks - note.Began.Ticks);
            _line.Add(note, spec.Format, spec.Query);
            lines++;
            GiveBack(note);
            if (_line.Written.Length < LargestWrite) continue;
            Flush(spec, lines);
            lines = 0;
        }
        Flush(spec, lines);
    }

    private void GiveBack(RequestNote note)
    {
        note.Clear();
        if (Interlocked.Increment(ref _spares) <= MostSpare) _spare.Enqueue(note);
        else Interlocked.Decrement(ref _spares);
    }

    private void Flush(AccessLogSpec spec, int lines)
    {
        if (lines == 0) return;
        var path = PathOf(spec)!;
        try
        {
            if (Interlocked.Exchange(ref _reopen, 0) != 0 || _output?.IsAt(path) == false)
            {
                _output?.Dispose();
                _output = null;
            }
            (_output ??= LogOutput.Open(path)).Write(_line.Written.Span);
            Figures.Lines.Add(lines);
            if (_told) _announce($"the access log {path} is written again");
            _told = false;
        }
        catch (IOException e)
        {
            Figures.DroppedLines.Add(lines);
            if (!_told) _announce($"the access log cannot be written, and its lines are dropped: {e.Message}");
            _told = true;
        }
        _line.Clear();
    }

    private string? PathOf(AccessLogSpec? spec) => spec is null ? null : spec.Path ?? System.IO.Path.Combine(
        _folder, spec.Format == AccessLogFormat.Json ? "access.jsonl" : "access.log");
}
