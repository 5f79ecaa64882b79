using Tangram.Model;
using Tangram.Proving.Capacity;

namespace Tangram.Tests.Proving.Capacity;

public sealed class WaitingLineTests(ITestOutputHelper output)
{
    /// <summary>Published tables: blocking (Erlang B) and waiting (Erlang C) by erlangs and servers.</summary>
    [Theory]
    [InlineData(10, 10, 0.2146)]
    [InlineData(5, 5, 0.2849)]
    [InlineData(2, 1, 0.2)]
    [InlineData(15, 10.633, 0.05)]
    [InlineData(20, 12.0, 0.0098)]
    [InlineData(100, 84.1, 0.01)]
    public void Blocking_is_as_in_the_tables(int servers, double load, double blocked) =>
        Assert.InRange(WaitingLine.Blocked(servers, load), blocked - 0.0001, blocked + 0.0001);

    [Theory]
    [InlineData(1, 0.5, 0.5)]
    [InlineData(1, 0.9, 0.9)]
    [InlineData(2, 1, 1.0 / 3)]
    [InlineData(2, 1.5, 9.0 / 14)]
    [InlineData(3, 2, 4.0 / 9)]
    [InlineData(6, 5, 0.5875)]
    [InlineData(14, 10, 0.1741)]
    public void Waiting_is_as_in_the_tables_and_the_closed_forms(int servers, double load, double waits) =>
        Assert.Equal(waits, new WaitingLine(servers, load, 1).Waits, 1e-4);

    [Fact]
    public void The_recursion_gives_what_the_sums_give()
    {
        for (var servers = 1; servers <= 60; servers++)
            foreach (var utilisation in new[] { 0.1, 0.5, 0.8, 0.95, 0.999 })
                Assert.Equal(BySums(servers, servers * utilisation),
                    new WaitingLine(servers, servers * utilisation, 1).Waits, 1e-9);
    }

    [Fact]
    public void One_server_has_the_closed_form_of_M_M_1()
    {
        var line = new WaitingLine(1, 80, 100);
        Assert.Equal(0.8 / 20, line.MeanWait.TotalSeconds, 1e-6);
        Assert.Equal(Math.Exp(-20 * 0.1), line.TakesLongerThan(TimeSpan.FromSeconds(0.1)), 1e-9);
        Assert.Equal(0.8 * Math.Exp(-2), line.WaitsLongerThan(TimeSpan.FromSeconds(0.1)), 1e-9);
    }

    [Fact]
    public void A_line_that_cannot_keep_up_waits_for_ever()
    {
        var line = new WaitingLine(4, 400, 100);
        Assert.Equal((1, 1, TimeSpan.MaxValue), (line.Waits, line.WaitsLongerThan(TimeSpan.FromDays(1)),
            line.MeanWait));
    }

    [Fact]
    public void A_million_requests_through_a_simulated_line_wait_as_computed()
    {
        const ulong Seed = 11;
        var line = new WaitingLine(5, 4, 1);
        var rng = new Rng(Seed);
        double Exponential(double rate) => -Math.Log(1 - rng.NextDouble()) / rate;
        var free = new double[line.Servers];
        var (now, waited, longer, slow, sum) = (0.0, 0, 0, 0, 0.0);
        const int Count = 1_000_000;
        for (var i = 0; i < Count; i++)
        {
            now += Exponential(line.Rate);
            var first = Array.IndexOf(free, free.Min());
            var (wait, service) = (Math.Max(0, free[first] - now), Exponential(line.ServiceRate));
            free[first] = now + wait + service;
            sum += wait;
            if (wait > 0) waited++;
            if (wait > 1) longer++;
            if (wait + service > 3) slow++;
        }
        output.WriteLine($"seed {Seed}: {waited}, {longer}, {slow} of {Count}");
        Assert.Equal(line.Waits, waited / (double)Count, 0.01);
        Assert.Equal(line.MeanWait.TotalSeconds, sum / Count, 0.03);
        Assert.Equal(line.WaitsLongerThan(TimeSpan.FromSeconds(1)), longer / (double)Count, 0.01);
        Assert.Equal(line.TakesLongerThan(TimeSpan.FromSeconds(3)), slow / (double)Count, 0.005);
    }

    [Fact]
    public void The_fewest_servers_are_enough_and_one_less_is_not()
    {
        var rng = new Rng(5);
        for (var round = 0; round < 200; round++)
        {
            var (rate, service) = (1 + 500 * rng.NextDouble(), 1 + 20 * rng.NextDouble());
            var time = rng.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1));
            var found = WaitingLine.Fewest(rate, service, time, 0.01, 10_000)!.Value;
            var counted = Enumerable.Range(1, 10_000)
                .First(k => k * service > rate && BySums(k, rate / service)
                    * Math.Exp(-(k * service - rate) * time.TotalSeconds) <= 0.01);
            Assert.Equal(counted, found);
        }
    }

    [Fact]
    public void What_no_number_of_servers_keeps_is_not_claimed()
    {
        Assert.Null(WaitingLine.Fewest(100, 10, TimeSpan.FromMilliseconds(-1), 0.01, 1000));
        Assert.Null(WaitingLine.Fewest(100, 10, TimeSpan.FromMilliseconds(10), 0.01, 10));
    }

    /// <summary>As the textbooks write it, with the terms of the sum one from the other.</summary>
    private static double BySums(int servers, double load)
    {
        if (load >= servers) return 1;
        var (term, sum) = (1.0, 0.0);
        for (var n = 0; n < servers; n++)
        {
            sum += term;
            term *= load / (n + 1);
        }
        var last = term * servers / (servers - load);
        return last / (sum + last);
    }
}
