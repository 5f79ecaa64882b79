using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving;

namespace Tangram.Tests.Coordinating;

public sealed class MachineLoopTests
{
    [Fact]
    public async Task Who_ends_does_not_wait_for_a_store_that_is_silent()
    {
        var time = new FakeTimeProvider();
        await using var store = new FaultyStore(new MemoryStore(time),
            new StoreFaults(LongestDelay: TimeSpan.FromDays(1)), new Rng(1), time);
        var loop = new MachineLoop(null!, store, new MonotonicClock(time), _ => { });
        var finishing = loop.FinishAsync(effects => effects.Add(new Effect.Revoke(7)));
        Assert.False(finishing.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await finishing.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }
}
