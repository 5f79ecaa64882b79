using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class SilenceWatchTests
{
    private readonly RoutedService _service = Routed.Service(2);
    private readonly SilenceWatch _watch = new();

    private Backend First => _service.Backends[0];

    private List<Backend> Look(double seconds)
    {
        var ask = new List<Backend>();
        _watch.Look(_service.Backends, Routed.Start + TimeSpan.FromSeconds(seconds), ask);
        return ask;
    }

    [Fact]
    public void Asks_a_backend_that_owes_an_answer_for_a_second()
    {
        First.Counters.Enter();
        Assert.Empty(Look(0));
        Assert.Empty(Look(0.9));
        Assert.Equal([First], Look(1));
    }

    [Fact]
    public void Asks_none_that_answers_others_meanwhile_or_owes_nothing()
    {
        First.Counters.Enter();
        for (var i = 0; i < 20; i++)
        {
            Assert.Empty(Look(i * 0.5));
            Ejection.Report(_service, First, AttemptOutcome.Answered, Routed.Start);
        }
        Assert.Empty(Look(10));
        First.Counters.Leave();
        Assert.Empty(Look(11));
        First.Counters.Enter();
        Assert.Empty(Look(12));
    }

    [Fact]
    public void Asks_more_and_more_rarely_while_a_stream_flows()
    {
        First.Counters.Enter();
        var asked = Enumerable.Range(0, 240).Where(half => Look(half * 0.5).Count > 0).Select(half => half * 0.5);
        Assert.Equal([1, 3, 7, 15, 31, 61, 91], asked);
    }
}
