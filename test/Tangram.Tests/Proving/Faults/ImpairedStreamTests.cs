using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Faults;

/// <summary>What was asked for is what is measured, by virtual time.</summary>
public sealed class ImpairedStreamTests
{
    private const int Many = 100_000;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();

    [Fact]
    public void A_delay_is_as_long_as_asked_and_spread_evenly()
    {
        var spec = new ImpairmentSpec { Delay = Ms(100), Jitter = Ms(20) };
        var held = Held(FaultKind.NetworkDelay, spec);
        Assert.All(held, took => Assert.InRange(took, Ms(80), Ms(120)));
        Near(100, held.Average(took => took.TotalMilliseconds), 0.2);
        // A quarter of them within each quarter of the span.
        Near(0.25, held.Count(took => took < Ms(90)) / (double)Many, 0.01);
        Assert.All(Held(FaultKind.NetworkDelay, spec with { Jitter = TimeSpan.Zero }),
            took => Assert.Equal(Ms(100), took));
    }

    [Fact]
    public void On_one_connection_nothing_overtakes()
    {
        var link = Link(FaultKind.NetworkDelay, new ImpairmentSpec { Delay = Ms(50), Jitter = Ms(50) });
        var last = Instant.Zero;
        for (var i = 0; i < 1_000; i++)
        {
            var due = ImpairedStream.InOrder(link.Pass(100, Instant.Zero + Tick * i).Due!.Value, last);
            Assert.True(due >= last && due >= Instant.Zero + Tick * i);
            last = due;
        }
    }

    [Theory]
    [InlineData(0.01, null)]
    [InlineData(0.3, null)]
    [InlineData(0.1, 5.0)]
    [InlineData(0.4, 2.0)]
    public void So_many_transmissions_are_lost_and_so_many_in_a_row(double share, double? burst)
    {
        var passed = Passed(FaultKind.NetworkLoss, new ImpairmentSpec { Share = share, Burst = burst });
        var (lost, all) = (passed.Sum(p => p.Lost), passed.Sum(p => 1 + p.Lost));
        Near(share, lost / (double)all, share * 0.1);
        var rows = Enumerable.Range(1, Many - 1).Count(i => passed[i].Lost > 0 && passed[i - 1].Lost == 0);
        Near(burst ?? 1 / (1 - share), passed.Count(p => p.Lost > 0) / (double)rows, 0.3);
    }

    [Fact]
    public void What_is_lost_waits_for_a_timeout_that_doubles()
    {
        var passed = Passed(FaultKind.NetworkLoss, new ImpairmentSpec { Share = 0.5 });
        var i = 0;
        foreach (var piece in passed)
        {
            var wait = piece.Due!.Value - (Instant.Zero + Tick * i++);
            if (piece.Lost <= 9) Assert.Equal(ImpairedStream.FirstTimeout * ((1 << piece.Lost) - 1), wait);
        }
        Assert.Contains(passed, piece => piece.Lost == 3);
    }

    [Theory]
    [InlineData(100_000, 1460, 1)]
    [InlineData(10_000, 200, 5)]
    public void No_more_bytes_a_second_pass_than_asked(long bandwidth, int piece, int everyMs)
    {
        var link = Link(FaultKind.NetworkBandwidth, new ImpairmentSpec { Bandwidth = bandwidth });
        var last = Instant.Zero;
        for (var i = 0; i < 1_000; i++) last = link.Pass(piece, Instant.Zero + Ms(everyMs) * i).Due!.Value;
        Near(bandwidth, 1_000 * piece / (last - Instant.Zero).TotalSeconds, bandwidth * 0.001);
    }

    [Fact]
    public void A_line_that_is_free_holds_a_piece_for_its_own_time_only()
    {
        var link = Link(FaultKind.NetworkBandwidth, new ImpairmentSpec { Bandwidth = 1_000 });
        for (var i = 0; i < 10; i++)
        {
            var now = Instant.Zero + TimeSpan.FromSeconds(i);
            Assert.Equal(Ms(100), link.Pass(100, now).Due!.Value - now);
        }
    }

    [Fact]
    public void So_many_pieces_have_a_wrong_byte_and_no_other_changes()
    {
        var passed = Passed(FaultKind.NetworkCorrupt, new ImpairmentSpec { Share = 0.05 });
        Near(0.05, passed.Count(p => p.Wrong is not null) / (double)Many, 0.005);
        Assert.All(passed.Where(p => p.Wrong is not null), p =>
        {
            Assert.InRange(p.Wrong!.Value, 0, 99);
            Assert.NotEqual(0, p.Mask);
        });
        Assert.All(passed.Where(p => p.Wrong is null), p => Assert.Equal(0, p.Mask));
    }

    [Fact]
    public void Through_a_cut_nothing_passes_until_it_is_over() =>
        Assert.All(Passed(FaultKind.NetworkCut, new ImpairmentSpec()), piece => Assert.Null(piece.Due));

    [Fact]
    public void A_seed_repeats_it()
    {
        var spec = new ImpairmentSpec { Share = 0.2, Burst = 3 };
        Assert.Equal(Passed(FaultKind.NetworkLoss, spec), Passed(FaultKind.NetworkLoss, spec));
    }

    private List<Passage> Passed(FaultKind kind, ImpairmentSpec spec)
    {
        var link = Link(kind, spec);
        return [.. Enumerable.Range(0, Many).Select(i => link.Pass(100, Instant.Zero + Tick * i))];
    }

    private List<TimeSpan> Held(FaultKind kind, ImpairmentSpec spec) =>
        [.. Passed(kind, spec).Select((piece, i) => piece.Due!.Value - (Instant.Zero + Tick * i))];

    private ImpairedStream Link(FaultKind kind, ImpairmentSpec spec) => new(kind, spec, new Rng(_seed));

    private void Near(double wanted, double found, double apart) =>
        Assert.True(Math.Abs(wanted - found) <= apart, $"{found} instead of {wanted}; new Rng({_seed})");

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
