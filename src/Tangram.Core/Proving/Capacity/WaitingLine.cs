namespace Tangram.Proving.Capacity;

/// <summary>Requests that come at random wait in one line for the first server that is free, and are served for
/// exponentially distributed times: M/M/k, by Erlang's formulas. Rates are per second.</summary>
/// <param name="Servers">k.</param>
/// <param name="Rate">How many requests come.</param>
/// <param name="ServiceRate">How many one server serves.</param>
public readonly record struct WaitingLine(int Servers, double Rate, double ServiceRate)
{
    /// <summary>a, in erlangs: how many servers are busy on average.</summary>
    public double Load => Rate / ServiceRate;

    /// <summary>ρ.</summary>
    public double Utilisation => Load / Servers;

    /// <summary>Otherwise the line grows without end.</summary>
    public bool Stable => Load < Servers;

    /// <summary>How much faster it serves than requests come, kμ − λ.</summary>
    private double Spare => Servers * ServiceRate - Rate;

    /// <summary>Erlang C, from Erlang B: C = B / (1 − ρ(1 − B)).</summary>
    public double Waits
    {
        get
        {
            if (!Stable) return 1;
            var blocked = Blocked(Servers, Load);
            return blocked / (1 - Utilisation * (1 - blocked));
        }
    }

    public TimeSpan MeanWait => Stable ? TimeSpan.FromSeconds(Waits / Spare) : TimeSpan.MaxValue;

    /// <summary>The share that waits longer: C · e^−(kμ − λ)t.</summary>
    public double WaitsLongerThan(TimeSpan time) => !Stable ? 1
        : time < TimeSpan.Zero ? 1
        : Waits * Math.Exp(-Spare * time.TotalSeconds);

    /// <summary>The share of which waiting and service together take longer.</summary>
    public double TakesLongerThan(TimeSpan time)
    {
        if (!Stable) return 1;
        var (t, mu, spare) = (time.TotalSeconds, ServiceRate, Spare);
        var served = Math.Exp(-mu * t);
        // The sum of two exponential times; where their rates are equal, of two of one rate.
        var both = Math.Abs(mu - spare) < 1e-9 * mu
            ? (1 + mu * t) * served
            : (mu * Math.Exp(-spare * t) - spare * served) / (mu - spare);
        return (1 - Waits) * served + Waits * both;
    }

    /// <summary>Erlang B: the share that would be turned away if nobody could wait. By the recursion B(0) = 1,
    /// B(k) = aB(k − 1) / (k + aB(k − 1)), which no factorial overflows.</summary>
    public static double Blocked(int servers, double load)
    {
        var blocked = 1.0;
        for (var k = 1; k <= servers; k++) blocked = load * blocked / (k + load * blocked);
        return blocked;
    }

    /// <summary>The fewest servers, up to <paramref name="most"/>, of which at most <paramref name="share"/> of the
    /// requests wait longer than <paramref name="time"/>; null when not even those do.</summary>
    public static int? Fewest(double rate, double serviceRate, TimeSpan time, double share, int most)
    {
        bool Enough(int servers) => new WaitingLine(servers, rate, serviceRate).WaitsLongerThan(time) <= share;
        if (time < TimeSpan.Zero || !(rate / serviceRate < most)) return null;
        var (low, high, gap) = (1, (int)(rate / serviceRate) + 1, 1);
        while (!Enough(high))
        {
            if (high >= most) return null;
            (low, high, gap) = (high + 1, (int)Math.Min(most, high + (long)gap), gap * 2);
        }
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (Enough(middle)) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
