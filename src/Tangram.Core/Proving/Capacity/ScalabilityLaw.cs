using System.Text.Json.Serialization;

namespace Tangram.Proving.Capacity;

/// <summary>The throughput that was seen while so many requests were in flight.</summary>
/// <param name="Throughput">Answers per second.</param>
public readonly record struct LoadPoint(double Users, double Throughput);

/// <summary>The Universal Scalability Law, X(N) = λN / (1 + σ(N − 1) + κN(N − 1)): throughput by the number of users
/// (Gunther, Guerrilla Capacity Planning, 2007).</summary>
/// <param name="Lambda">Answers per second with one user.</param>
/// <param name="Sigma">What cannot be done side by side, as a share of the work.</param>
/// <param name="Kappa">What each user costs each other one.</param>
public readonly record struct ScalabilityLaw(double Lambda, double Sigma, double Kappa)
{
    public double At(double users) => Lambda * users / (1 + Sigma * (users - 1) + Kappa * users * (users - 1));

    /// <summary>√((1 − σ) / κ), at least one; infinite when more users never lower the throughput.</summary>
    [JsonIgnore] public double PeakUsers => Sigma >= 1 ? 1
        : Kappa == 0 ? double.PositiveInfinity
        : Math.Max(1, Math.Sqrt((1 - Sigma) / Kappa));

    /// <summary>The throughput at the peak; without one what it approaches, λ / σ; infinite without that.</summary>
    [JsonIgnore] public double Greatest => double.IsFinite(PeakUsers) ? At(PeakUsers)
        : Sigma == 0 ? double.PositiveInfinity
        : Lambda / Sigma;
}
