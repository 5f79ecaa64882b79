using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

public sealed class UsageTests
{
    private static UsageView Of(ReplicaReading? before, ReplicaReading? after)
    {
        Dictionary<string, ReplicaReading> Map(ReplicaReading? r) => r is null ? [] : new() { ["order-1"] = r };
        var state = new Documents().Revision(1, Documents.Spec(1)).Asked(1).Node("a-1", 1, "order-1").State;
        return Assert.Single(Usage.Of(state, Map(before), Map(after), TimeSpan.FromSeconds(2)).Replicas);
    }

    [Fact]
    public void Rates_are_what_has_grown_in_each_second()
    {
        var usage = Of(new(7, 1, 100, new(1, 10, 0)), new(7, 2, 200, new(4, 20, 2)));
        Assert.Equal((0.5, 200L, 4, 5.0, 1.0),
            (usage.Cpu, usage.Memory, usage.InFlight, usage.Requests, usage.Failures));
    }

    [Fact]
    public void What_its_gateway_gives_it_is_told_with_the_reason()
    {
        var traffic = new TrafficReading(1, 10, 0, 0.25, Because: "its answers take 6.0 times the median");
        var usage = Of(null, new(7, 1, 100, traffic));
        Assert.Equal((0.25, "closed", "its answers take 6.0 times the median"),
            (usage.Weight, usage.Breaker, usage.Because));
        Assert.Equal("The gateway here gives it 25 % of its requests: its answers take 6.0 times the median.",
            traffic.Sentence());
        Assert.StartsWith("The gateway here sends it nothing", (traffic with { Breaker = "open" }).Sentence());
        Assert.Null(new TrafficReading(1, 10, 0).Sentence());
    }

    [Fact]
    public void What_another_process_used_before_says_nothing()
    {
        var usage = Of(new(7, 100, 100, new(1, 10, 0)), new(8, 1, 200, new(0, 2, 0)));
        Assert.Equal((null, 200L, 0, null), (usage.Cpu, usage.Memory, usage.InFlight, usage.Requests));
    }

    [Fact]
    public void What_cannot_be_read_is_unknown()
    {
        var usage = Of(null, null);
        Assert.Equal((null, null, null, null), (usage.Cpu, usage.Memory, usage.InFlight, usage.Requests));
        Assert.Equal("ready", usage.State);
    }
}
