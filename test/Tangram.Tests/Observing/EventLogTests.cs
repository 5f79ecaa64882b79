using Microsoft.Extensions.Time.Testing;
using Tangram.Observing;

namespace Tangram.Tests.Observing;

public sealed class EventLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-events-").FullName;
    private readonly FakeTimeProvider _clock = new();

    private string File1 => Path.Combine(_folder, "events.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Events_are_numbered_and_survive_a_restart()
    {
        using (var log = EventLog.At(File1, _clock))
        {
            log.Add("order-1", "started");
            log.Add("order-1", "ready");
        }
        using var again = EventLog.At(File1, _clock);
        Assert.Equal(["1 started", "2 ready"], again.After(0).Select(e => $"{e.Number} {e.What}"));
        Assert.Equal(3, again.Add("a-1", "drained").Number);
        Assert.Equal(["drained"], again.After(2).Select(e => e.What));
    }

    [Fact]
    public void A_torn_last_line_is_passed_over_and_does_not_swallow_the_next()
    {
        using (var log = EventLog.At(File1, _clock)) log.Add("a", "whole");
        File.AppendAllText(File1, """{"number":2,"at":"20""");
        using (var log = EventLog.At(File1, _clock)) Assert.Equal(2, log.Add("a", "next").Number);
        using var again = EventLog.At(File1, _clock);
        Assert.Equal(["whole", "next"], again.After(0).Select(e => e.What));
    }

    [Fact]
    public void Only_the_newest_thousand_are_remembered()
    {
        using var log = EventLog.At(File1, _clock);
        for (var i = 0; i < EventLog.Remembered + 5; i++) log.Add("a", "again");
        Assert.Equal(EventLog.Remembered, log.After(0).Length);
        Assert.Equal(6, log.After(0)[0].Number);
    }

    [Fact]
    public async Task Whoever_waits_is_woken_by_the_next_event()
    {
        using var log = EventLog.At(File1, _clock);
        var waiting = log.AfterAsync(0, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        log.Add("a", "now");
        Assert.Equal("now", Assert.Single(await waiting).What);
    }

    [Fact]
    public async Task Waiting_ends_with_nothing_when_nothing_happens()
    {
        using var log = EventLog.At(File1, _clock);
        var waiting = log.AfterAsync(0, TimeSpan.FromSeconds(30), CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Empty(await waiting);
    }
}
