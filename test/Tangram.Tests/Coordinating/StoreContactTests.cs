using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Observing;
using Tangram.Tests.Observing;

namespace Tangram.Tests.Coordinating;

/// <summary>Whether a server's answers are old.</summary>
public sealed class StoreContactTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task What_is_known_is_old_while_the_store_refuses_or_is_silent_and_not_before_or_after()
    {
        // What waits for the clock goes on within Advance, so that it waits again before the clock goes on.
        SynchronizationContext.SetSynchronizationContext(null);
        await using var store = new FaultyAnswers(new MemoryStore(_time), null, CommitFault.Refused);
        var contact = new StoreContact(store, _time, _ => { });
        Assert.Equal(new StaleView(null, "it has not answered yet"), contact.Stale());
        using var end = new CancellationTokenSource();
        var begun = _time.GetUtcNow();
        var running = contact.RunAsync(end.Token);
        await UntilAsync(() => contact.Stale() is null);

        // It refuses once, then answers again
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await UntilAsync(() => contact.Stale() is { Because: "the disk is full" } stale && stale.AsOf == begun);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await UntilAsync(() => contact.Stale() is null);

        // It takes the next question and is silent
        var (asked, silence) = (new TaskCompletionSource(), new TaskCompletionSource());
        store.Before = () =>
        {
            asked.SetResult();
            return silence.Task;
        };
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await asked.Task.WaitAsync(Patience, TimeProvider.System);
        Assert.Null(contact.Stale());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("it is silent", contact.Stale()?.Because);
        silence.SetResult();
        await UntilAsync(() => contact.Stale() is null);
        await end.CancelAsync();
        await running;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience, "it did not come about");
            await Task.Yield();
        }
    }
}
