using Microsoft.Extensions.Time.Testing;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Records;

namespace Tangram.Tests.Routing.Records;

public sealed class AccessLogTests : IDisposable
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(100);
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-access-").FullName;
    private readonly FakeTimeProvider _time = new(Notes.At);
    private readonly List<string> _announced = [];
    private readonly RoutedService _service = Routed.Service(1);

    private string Default => Path.Combine(_folder, "access.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private AccessLog Log(AccessLogSpec? spec)
    {
        var log = new AccessLog(_folder, _time, what => { lock (_announced) _announced.Add(what); });
        log.Use(spec);
        return log;
    }

    private RequestNote Note(AccessLog log) => Notes.Of(_service, log.Figures, 200, Notes.Answered());

    /// <summary>Lets the writer have turns until so many lines were written or dropped.</summary>
    private async Task UntilAsync(AccessLog log, long lines)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (log.Figures.Lines.Value + log.Figures.DroppedLines.Value < lines)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(20), "nothing was written");
            _time.Advance(Turn);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }

    [Fact]
    public async Task What_was_noted_is_in_the_file_when_it_has_ended()
    {
        var log = Log(new AccessLogSpec());
        for (var i = 0; i < 1000; i++) log.Write(Note(log));
        await log.DisposeAsync();
        Assert.Equal(1000, File.ReadAllLines(Default).Length);
        Assert.Equal(1000, log.Figures.Lines.Value);
    }

    [Fact]
    public async Task Without_a_log_there_is_no_file()
    {
        var log = Log(null);
        Assert.False(log.On);
        await log.DisposeAsync();
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_full_queue_drops_and_counts()
    {
        var log = Log(new AccessLogSpec());
        var note = Note(log);
        for (var i = 0; i < 65_536 + 5; i++) log.Write(i < 65_536 ? Note(log) : note);
        Assert.Equal(5, log.Figures.DroppedLines.Value);
        await log.DisposeAsync();
        Assert.Equal(65_536, log.Figures.Lines.Value);
        Assert.Equal(65_536, File.ReadLines(Default).Count());
    }

    [Fact]
    public async Task A_file_that_was_moved_or_removed_is_opened_anew()
    {
        var path = Path.Combine(_folder, "own.log");
        await using var log = Log(new AccessLogSpec { Path = path, Format = AccessLogFormat.Combined });
        log.Write(Note(log));
        await UntilAsync(log, 1);
        File.Move(path, path + ".1");
        log.Write(Note(log));
        await UntilAsync(log, 2);
        Assert.Single(File.ReadAllLines(path + ".1"));
        Assert.Single(File.ReadAllLines(path));
        File.Delete(path);
        log.Write(Note(log));
        await UntilAsync(log, 3);
        Assert.Single(File.ReadAllLines(path));
        // copytruncate: what comes next stands at the beginning.
        File.WriteAllText(path, "");
        log.Write(Note(log));
        await UntilAsync(log, 4);
        Assert.Single(File.ReadAllLines(path));
        Assert.DoesNotContain('\0', File.ReadAllText(path));
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_costs_its_lines_and_is_told_once()
    {
        var (path, away) = (Path.Combine(_folder, "logs", "own.log"), Path.Combine(_folder, "logs"));
        await using var log = Log(new AccessLogSpec { Path = path });
        log.Write(Note(log));
        await UntilAsync(log, 1);
        log.Write(Note(log));
        await UntilAsync(log, 2);
        Assert.Equal((0, 2), (log.Figures.Lines.Value, log.Figures.DroppedLines.Value));
        Assert.Contains(path, Assert.Single(_announced));
        Directory.CreateDirectory(away);
        log.Write(Note(log));
        await UntilAsync(log, 3);
        Assert.Single(File.ReadAllLines(path));
        Assert.Equal(2, _announced.Count);
    }

    [Fact]
    public async Task What_the_file_asks_for_may_change()
    {
        await using var log = Log(new AccessLogSpec());
        log.Write(Note(log));
        await UntilAsync(log, 1);
        log.Use(new AccessLogSpec { Format = AccessLogFormat.Combined });
        log.Write(Note(log));
        await UntilAsync(log, 2);
        Assert.StartsWith("{", File.ReadAllText(Default));
        Assert.StartsWith("203.0.113.9 - - [", File.ReadAllText(Path.Combine(_folder, "access.log")));
        log.Use(null);
        Assert.False(log.On);
        Assert.Null(log.Path);
    }

    /// <summary>The request's own thread: notes are used again, and lines are made elsewhere.</summary>
    [Fact]
    public async Task Noting_a_request_allocates_next_to_nothing()
    {
        const int rounds = 100, each = 1000;
        await using var log = Log(new AccessLogSpec());
        var backend = _service.Backends[0];
        var (attempt, note, allocated) = (Notes.Answered(), new RequestNote(), 0L);
        for (var round = 0; round < rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < each; i++)
            {
                note.Begin(Routed.Start, log.Figures);
                note.Take(Notes.Api);
                note.Begin(_service, backend);
                note.End(in attempt);
                note.Finish(200, Routed.Start + TimeSpan.FromMilliseconds(1), log.Figures);
                note = log.Write(note);
            }
            // The first rounds make the notes that are used from then on.
            if (round >= rounds / 2) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            await UntilAsync(log, (round + 1) * each);
        }
        Assert.InRange(allocated / (double)(rounds / 2 * each), 0, 2);
    }
}
