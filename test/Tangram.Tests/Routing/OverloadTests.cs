using Tangram.Model;
using Tangram.Proving.Traffic;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>What admission does for a service that gets more than it can do.</summary>
public sealed class OverloadTests(ITestOutputHelper output)
{
    private static readonly AdmissionSpec Auto = new();

    [Theory]
    [InlineData(1.2, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    [InlineData(5, 1)]
    public void With_more_than_it_can_do_it_does_nine_tenths_of_what_it_can_in_bounded_time(double load, ulong seed)
    {
        var result = Run(load, Auto, seed);
        Assert.InRange(Goodput(result), 0.9, 1.01);
        Assert.InRange(result.Percentile(0.99).TotalMilliseconds, 20, 250);
    }

    /// <summary>A gateway knows of such clients only that they have left.</summary>
    [Fact]
    public void So_it_is_when_the_clients_give_up_by_themselves()
    {
        var result = TrafficRun.Of(AnchorScenarios.Overload(2, Auto) with { GivenUp = AttemptOutcome.ClientFault });
        Assert.InRange(Goodput(result), 0.9, 1.01);
    }

    [Fact]
    public void High_requests_are_served_before_low_ones()
    {
        var result = TrafficRun.Of(AnchorScenarios.Overload(2, Auto) with
        {
            Class = rng => rng.Chance(0.3) ? PriorityClass.High : PriorityClass.Low,
        });
        Assert.InRange(Served(PriorityClass.High), 0.99, 1);
        Assert.InRange(Served(PriorityClass.Low), 0.1, 0.35);

        double Served(PriorityClass @class) =>
            result.Classes[(int)@class].Succeeded / (double)result.Classes[(int)@class].Requests;
    }

    [Fact]
    public void Without_admission_it_does_next_to_nothing() => Assert.InRange(Goodput(Run(2, null, 1)), 0, 0.3);

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.7)]
    [InlineData(0.85)]
    public void With_less_nobody_is_refused(double load) => Assert.Equal(0, Run(load, Auto, 1).Refused);

    private TrafficResult Run(double load, AdmissionSpec? spec, ulong seed)
    {
        var result = TrafficRun.Of(AnchorScenarios.Overload(load, spec) with { Seed = seed });
        output.WriteLine($"load {load}, seed {seed}: goodput {Goodput(result):0.000}, refused {result.Refused} of " +
            $"{result.Requests}, p50 {result.Percentile(0.5).TotalMilliseconds:0}, " +
            $"p99 {result.Percentile(0.99).TotalMilliseconds:0} ms, failed " +
            $"{result.Requests - result.Refused - result.Succeeded}");
        return result;
    }

    /// <summary>Of what the backends can do.</summary>
    private static double Goodput(TrafficResult result) => result.Succeeded / (80 * AnchorScenarios.OverloadCapacity);
}
