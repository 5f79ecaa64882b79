using Tangram.Model;

namespace Tangram.Routing.Acme;

/// <summary>When a certificate is ordered, and when again after a failure.</summary>
public static class AcmePolicy
{
    /// <summary>Public authorities allow five failed proofs an hour for a name: with the doubling that follows, the
    /// first hour has six, and the sixth comes half an hour after the fifth.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);

    /// <summary>Of 90 days, of which 30 are left, a hundred attempts remain.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(6);

    /// <summary>min(1 min × 2^(failures − 1), 6 h), and up to a quarter more, so that clusters that failed together do
    /// not come back together.</summary>
    public static TimeSpan RetryAfter(int failures, Rng rng)
    {
        var doubled = FirstRetry * Math.Pow(2, Math.Clamp(failures - 1, 0, 10));
        var wait = doubled < LongestRetry ? doubled : LongestRetry;
        return wait + rng.Between(TimeSpan.Zero, wait / 4);
    }

    /// <summary>After two thirds of its life, less up to a thirtieth by chance, for the same reason.</summary>
    /// <param name="early">In [0, 1).</param>
    public static DateTimeOffset RenewAt(AcmeCertificate certificate, double early)
    {
        var life = certificate.Until - certificate.From;
        return certificate.From + life * (2.0 / 3) - life * (early / 30);
    }
}
