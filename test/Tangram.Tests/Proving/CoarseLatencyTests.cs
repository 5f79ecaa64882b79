using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class CoarseLatencyTests
{
    [Fact]
    public void A_bucket_ends_at_most_a_sixteenth_above_what_is_in_it()
    {
        for (var micros = 1L; micros < 10_000_000_000; micros += 1 + micros / 97)
        {
            var end = CoarseLatency.End(CoarseLatency.Bucket(TimeSpan.FromMicroseconds(micros)));
            Assert.InRange(end.TotalMicroseconds, micros, micros + micros / 16);
        }
    }

    [Fact]
    public void Percentiles_are_those_of_all_that_was_added()
    {
        var (one, other, none) = (new CoarseLatency(), new CoarseLatency(), new CoarseLatency());
        for (var i = 1; i <= 100; i++)
            if (i % 3 == 0) one.Add(TimeSpan.FromMilliseconds(i));
            else other.Add(TimeSpan.FromMilliseconds(i));
        one.Add(other);
        one.Add(none);
        Assert.InRange(one.At(50).TotalMilliseconds, 50, 54);
        Assert.InRange(one.At(99).TotalMilliseconds, 99, 106);
        Assert.InRange(one.At(100).TotalMilliseconds, 100, 107);
        Assert.Equal(TimeSpan.Zero, none.At(99));
    }
}
