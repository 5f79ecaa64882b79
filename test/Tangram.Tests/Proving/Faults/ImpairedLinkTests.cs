using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Faults;

public sealed class ImpairedLinkTests
{
    private const int Packets = 50_000, Length = 1_000, Head = 20;
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(1);

    private sealed record Fate(LinkFate Sent, Instant Read, List<LinkCopy> Copies);

    [Fact]
    public void Delays_each_packet_by_what_was_asked_and_keeps_their_order()
    {
        var ran = Run(new LinkSpec { Delay = Ms(100), Jitter = Ms(20) });
        var delays = ran.Select(f => (f.Copies.Single().At - f.Read).TotalMilliseconds).ToList();
        Assert.InRange(delays.Average(), 98.5, 101.5);
        Assert.InRange(delays.Max() - delays.Min(), 35, 40.001);
        Assert.All(delays, d => Assert.InRange(d, 80, 120.001));
        Assert.True(ran.Zip(ran.Skip(1), (a, b) => a.Copies[0].At <= b.Copies[0].At).All(kept => kept));
        Assert.All(Run(new LinkSpec { Delay = Ms(7) }), f => Assert.Equal(Ms(7), f.Copies[0].At - f.Read));
    }

    [Fact]
    public void Jitter_of_packets_far_apart_is_spread_around_the_delay()
    {
        var delays = Run(new LinkSpec { Delay = Ms(100), Jitter = Ms(20) }, apart: Ms(100))
            .Select(f => (f.Copies[0].At - f.Read).TotalMilliseconds).ToList();
        Assert.InRange(delays.Average(), 99.7, 100.3);
        // A point between two even ones, anywhere: simulated apart from this, 17.5 % lie beyond each half.
        Assert.InRange(delays.Count(d => d < 90) / (double)Packets, 0.165, 0.185);
        Assert.InRange(delays.Count(d => d > 110) / (double)Packets, 0.165, 0.185);
    }

    [Theory]
    [InlineData(0.01, 1)]
    [InlineData(0.3, 1)]
    [InlineData(0.05, 4)]
    [InlineData(0.5, 10)]
    public void Loses_the_share_that_was_asked_in_bursts_of_the_length_that_was_asked(double share, double burst)
    {
        var lost = Run(new LinkSpec { Loss = share, Burst = burst }).Select(f => f.Sent == LinkFate.Lost).ToList();
        Assert.InRange(lost.Count(l => l) / (double)Packets, share * 0.85, share * 1.15);
        var begins = lost.Where((l, i) => l && (i == 0 || !lost[i - 1])).Count();
        // Each by itself, some follow each other by chance: 1/(1-share) in a row.
        var wanted = burst == 1 ? 1 / (1 - share) : burst;
        Assert.InRange((double)lost.Count(l => l) / begins, wanted * 0.85, wanted * 1.15);
    }

    [Fact]
    public void Holds_back_the_share_that_was_asked_and_only_those_are_overtaken()
    {
        var ran = Run(new LinkSpec { Reorder = 0.25, ReorderBy = Ms(20) });
        var late = ran.Where(f => f.Copies[0].Late).ToList();
        Assert.InRange(late.Count / (double)Packets, 0.24, 0.26);
        Assert.All(late, f => Assert.Equal(Ms(20), f.Copies[0].At - f.Read));
        Assert.All(ran.Where(f => !f.Copies[0].Late), f => Assert.Equal(f.Read, f.Copies[0].At));
    }

    [Fact]
    public void Doubles_and_corrupts_the_share_that_was_asked_and_never_a_head()
    {
        var ran = Run(new LinkSpec { Duplicate = 0.1, Corrupt = 0.2 });
        Assert.InRange(ran.Count(f => f.Copies.Count == 2) / (double)Packets, 0.095, 0.105);
        var corrupt = ran.Where(f => f.Copies[0].Corrupt >= 0).Select(f => f.Copies[0]).ToList();
        Assert.InRange(corrupt.Count / (double)Packets, 0.19, 0.21);
        Assert.All(corrupt, c => Assert.InRange(c.Corrupt, Head, Length - 1));
        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128], corrupt.Select(c => (int)c.Bit).Distinct().Order());
        // The whole packet behind the head is meant.
        Assert.InRange(corrupt.Average(c => c.Corrupt), 480, 540);
        Assert.All(ran.Where(f => f.Copies.Count == 2), f => Assert.Equal(-1, f.Copies[1].Corrupt));
    }

    [Fact]
    public void Lets_through_the_bandwidth_that_was_asked_makes_the_rest_wait_a_while_and_drops_what_is_more()
    {
        // 8 Mbit/s are offered, 2 may pass: a quarter does.
        var ran = Run(new LinkSpec { BitsPerSecond = 2_000_000 });
        var sent = ran.Where(f => f.Sent == LinkFate.Sent).ToList();
        var bits = sent.Count * Length * 8.0 / (sent[^1].Copies[0].At - sent[0].Copies[0].At).TotalSeconds;
        Assert.InRange(bits, 1_990_000, 2_010_000);
        Assert.Equal(ran.Count - sent.Count, ran.Count(f => f.Sent == LinkFate.Full));
        Assert.InRange(sent.Max(f => f.Copies[0].At - f.Read), Ms(80), Ms(100));
        // What is less than that does not wait.
        Assert.All(Run(new LinkSpec { BitsPerSecond = 9_000_000 }), f => Assert.Equal(f.Read, f.Copies[0].At));
    }

    [Fact]
    public void A_cut_link_lets_nothing_pass_and_one_that_was_asked_nothing_everything()
    {
        Assert.All(Run(new LinkSpec { Cut = true }), f => Assert.Equal(LinkFate.Cut, f.Sent));
        Assert.All(Run(new LinkSpec()), f => Assert.Equal((LinkFate.Sent, new LinkCopy(f.Read, -1, 0, false)),
            (f.Sent, f.Copies.Single())));
    }

    [Fact]
    public void The_same_seed_decides_the_same_and_another_one_otherwise()
    {
        var all = new LinkSpec
        {
            Delay = Ms(50), Jitter = Ms(10), Loss = 0.1, Burst = 3, Reorder = 0.1, ReorderBy = Ms(5), Duplicate = 0.1,
            Corrupt = 0.1, BitsPerSecond = 4_000_000,
        };
        Assert.Equal(Trace(all, 7), Trace(all, 7));
        Assert.NotEqual(Trace(all, 7), Trace(all, 8));
    }

    private static string[] Trace(LinkSpec asked, ulong seed) =>
        [.. Run(asked, seed).Select(f => $"{f.Sent} {string.Join(' ', f.Copies)}")];

    private static List<Fate> Run(LinkSpec asked, ulong seed = 1, TimeSpan? apart = null)
    {
        var (link, now, ran) = (new ImpairedLink(asked, new Rng(seed)), Instant.Zero, new List<Fate>());
        for (var i = 0; i < Packets; i++, now += apart ?? Apart)
        {
            var copies = new List<LinkCopy>();
            ran.Add(new Fate(link.Decide(Length, Head, now, copies), now, copies));
        }
        return ran;
    }

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
