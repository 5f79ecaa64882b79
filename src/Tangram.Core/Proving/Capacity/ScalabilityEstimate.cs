using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving.Capacity;

/// <summary>A range that holds the true value 95 times of 100. <paramref name="High"/> is null when nothing bounds
/// it.</summary>
public sealed record Range95(double Low, double? High);

/// <summary>What a step load tells of a server's limit by the <see cref="ScalabilityLaw"/>, and how surely.</summary>
public sealed record ScalabilityEstimate
{
    /// <summary>Three parameters, and something left over to tell how well they fit.</summary>
    public const int FewestPoints = 5;

    /// <summary>The ends of the range come to rest within about 2 %.</summary>
    private const int Resamplings = 1_000;

    /// <summary>Null when there are too few points.</summary>
    public ScalabilityLaw? Law { get; init; }

    /// <summary>The root of the mean square of what the law misses, as a share of the mean throughput.</summary>
    public double Error { get; init; }

    /// <summary>How many users give most; null when there is no such number within what was tried.</summary>
    public double? PeakUsers { get; init; }
    public Range95? PeakUsersRange { get; init; }

    /// <summary>Answers per second at the peak; null without one.</summary>
    public double? Greatest { get; init; }
    public Range95? GreatestRange { get; init; }

    /// <summary>What the points do not tell, and why; null when they tell all.</summary>
    public string? Lacks { get; init; }

    [JsonIgnore] public bool SeesPeak => PeakUsers is not null;

    /// <summary>The range by a bootstrap of residuals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
    /// 9.4): what the law misses is dealt out anew over its own curve and fitted again.</summary>
    /// <param name="points">Positive, in any order.</param>
    public static ScalabilityEstimate Of(IReadOnlyList<LoadPoint> points, ulong seed)
    {
        var different = points.Select(p => p.Users).Distinct().Count();
        if (different < FewestPoints)
            return new ScalabilityEstimate
            {
                Lacks = $"{different} different numbers of users are too few for three parameters: at least " +
                    $"{FewestPoints} are needed",
            };
        var law = ScalabilityFit.Of(points);
        var most = points.Max(p => p.Users);
        var estimate = new ScalabilityEstimate
        {
            Law = law,
            Error = Math.Sqrt(ScalabilityFit.Error(points, law) / points.Count) / points.Average(p => p.Throughput),
        };
        if (!(law.PeakUsers <= most))
            return estimate with
            {
                Lacks = $"the throughput still grows at {most:0.##} users, the most that were tried: where it ends " +
                    "to grow lies beyond",
            };
        var (users, greatest) = Resampled(points, law, new Rng(seed));
        return estimate with
        {
            PeakUsers = law.PeakUsers, PeakUsersRange = Middle95(users),
            Greatest = law.Greatest, GreatestRange = Middle95(greatest),
        };
    }

    private static (double[] Users, double[] Greatest) Resampled(
        IReadOnlyList<LoadPoint> points, ScalabilityLaw law, Rng rng)
    {
        // The fit has taken up a part of the scatter, three points' worth.
        var scale = Math.Sqrt(points.Count / (double)(points.Count - 3));
        var missed = points.Select(p => p.Throughput - law.At(p.Users)).ToArray();
        var mean = missed.Average();
        var (users, greatest) = (new double[Resamplings], new double[Resamplings]);
        for (var i = 0; i < Resamplings; i++)
        {
            // No throughput is negative, or none at all.
            var dealt = points.Select(p => p with
            {
                Throughput = Math.Max(law.At(p.Users) / 1000,
                    law.At(p.Users) + scale * (missed[rng.Next(missed.Length)] - mean)),
            }).ToList();
            var other = ScalabilityFit.Of(dealt);
            (users[i], greatest[i]) = (other.PeakUsers, other.Greatest);
        }
        return (users, greatest);
    }

    /// <summary>Null when hardly any of them is finite.</summary>
    private static Range95? Middle95(double[] values)
    {
        Array.Sort(values);
        var (low, high) = (values[(int)(values.Length * 0.025)], values[(int)(values.Length * 0.975) - 1]);
        return double.IsFinite(low) ? new Range95(low, double.IsFinite(high) ? high : null) : null;
    }
}
