using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public sealed class CertificateLifeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(365, 334, null)]
    [InlineData(365, 336, "it ends on 2027-01-01 00:00 UTC, in 29 days")]
    [InlineData(365, 366, "it ended on 2027-01-01 00:00 UTC, and the clock here says 2027-01-02 00:00 UTC")]
    [InlineData(365, -1, "it begins on 2026-01-01 00:00 UTC, and the clock here says 2025-12-31 00:00 UTC")]
    [InlineData(90, 80, null)]
    [InlineData(90, 82, "it ends on 2026-04-01 00:00 UTC, in 8 days")]
    [InlineData(10, 8.5, null)]
    [InlineData(10, 9.5, "it ends on 2026-01-11 00:00 UTC, in 12 h 0 min")]
    public void It_warns_in_its_last_30_days_or_tenth(int days, double later, string? warning) => Assert.Equal(
        warning, new CertificateLife(Start, Start.AddDays(days)).Warning(Start.AddDays(later)));
}
