namespace Tangram.Proving.Capacity;

/// <summary>The law that comes nearest to what was seen: least squares of throughput with λ &gt; 0, σ ≥ 0 and κ ≥ 0.
/// Where a bound holds, the parameter is 0; so the four sets of free ones are each solved without bounds, and the best
/// one within the bounds is taken.</summary>
internal static class ScalabilityFit
{
    /// <summary>Convergence takes about ten; a fit that needs more is on its way out of bounds.</summary>
    private const int MostTurns = 200;

    /// <summary>λ is always free; σ and κ where these say so.</summary>
    private static readonly (bool Sigma, bool Kappa)[] FreeSets = [(true, true), (true, false), (false, true), default];

    public static ScalabilityLaw Of(IReadOnlyList<LoadPoint> points)
    {
        var (best, least) = (default(ScalabilityLaw), double.PositiveInfinity);
        foreach (var free in FreeSets)
        {
            var law = Refined(points, Start(points, free), free);
            if (!(law.Lambda > 0) || !(law.Sigma >= 0) || !(law.Kappa >= 0)) continue;
            var error = Error(points, law);
            if (error < least) (best, least) = (law, error);
        }
        return best;
    }

    /// <summary>The sum of squares.</summary>
    public static double Error(IReadOnlyList<LoadPoint> points, ScalabilityLaw law)
    {
        var sum = 0.0;
        foreach (var point in points) sum += Square(point.Throughput - law.At(point.Users));
        return sum;
    }

    /// <summary>The law is linear in 1/λ, σ/λ and κ/λ when it is written as N/X; the weights undo what that does to
    /// errors.</summary>
    private static ScalabilityLaw Start(IReadOnlyList<LoadPoint> points, (bool Sigma, bool Kappa) free)
    {
        var system = new Normal(free);
        foreach (var (n, x) in points)
            system.Add(n / x, Square(x * x / n), 1, n - 1, n * (n - 1));
        var (a, b, c) = system.Solve(0);
        var lambda = a > 0 ? 1 / a : points.Max(p => p.Throughput / p.Users);
        return new ScalabilityLaw(lambda, Math.Max(0, b * lambda), Math.Max(0, c * lambda));
    }

    /// <summary>Levenberg and Marquardt: Gauss-Newton's step, shortened until it helps (Marquardt, SIAM Journal 11,
    /// 1963).</summary>
    private static ScalabilityLaw Refined(
        IReadOnlyList<LoadPoint> points, ScalabilityLaw law, (bool Sigma, bool Kappa) free)
    {
        var (error, damping) = (Error(points, law), 1e-3);
        for (var turn = 0; turn < MostTurns && damping < 1e12; turn++)
        {
            var system = new Normal(free);
            foreach (var (n, x) in points)
            {
                var below = 1 + law.Sigma * (n - 1) + law.Kappa * n * (n - 1);
                var bySigma = -law.Lambda * n * (n - 1) / (below * below);
                system.Add(x - law.At(n), 1, n / below, bySigma, bySigma * n);
            }
            var (lambda, sigma, kappa) = system.Solve(damping);
            var next = new ScalabilityLaw(law.Lambda + lambda, law.Sigma + sigma, law.Kappa + kappa);
            var nextError = Error(points, next);
            if (!(nextError <= error))
            {
                damping *= 10;
                continue;
            }
            var done = error - nextError <= 1e-14 * error;
            (law, error, damping) = (next, nextError, Math.Max(1e-12, damping / 10));
            if (done) break;
        }
        return law;
    }

    private static double Square(double x) => x * x;

    /// <summary>The normal equations of up to three unknowns.</summary>
    private sealed class Normal((bool Sigma, bool Kappa) free)
    {
        private readonly int[] _unknowns = [0, .. free.Sigma ? [1] : Array.Empty<int>(),
            .. free.Kappa ? [2] : Array.Empty<int>()];
        private readonly double[,] _sums = new double[3, 4];

        public void Add(double wanted, double weight, double first, double second, double third)
        {
            ReadOnlySpan<double> row = [first, second, third, wanted];
            for (var i = 0; i < 3; i++)
                for (var j = 0; j < 4; j++) _sums[i, j] += weight * row[i] * row[j];
        }

        /// <summary>By elimination, with the diagonal raised by a share of itself. An unknown that is not free, or on
        /// which nothing depends, is 0.</summary>
        public (double, double, double) Solve(double damping)
        {
            var size = _unknowns.Length;
            var rows = new double[size, size + 1];
            for (var i = 0; i < size; i++)
            {
                for (var j = 0; j < size; j++) rows[i, j] = _sums[_unknowns[i], _unknowns[j]];
                rows[i, i] *= 1 + damping;
                rows[i, size] = _sums[_unknowns[i], 3];
            }
            for (var i = 0; i < size; i++)
                for (var other = i + 1; other < size && rows[i, i] != 0; other++)
                {
                    var factor = rows[other, i] / rows[i, i];
                    for (var j = i; j <= size; j++) rows[other, j] -= factor * rows[i, j];
                }
            var found = new double[3];
            for (var i = size - 1; i >= 0; i--)
            {
                var rest = rows[i, size];
                for (var j = i + 1; j < size; j++) rest -= rows[i, j] * found[_unknowns[j]];
                found[_unknowns[i]] = rows[i, i] == 0 ? 0 : rest / rows[i, i];
            }
            return (found[0], found[1], found[2]);
        }
    }
}
