namespace Tangram.Proving.Capacity;

/// <summary>Why a search went no further.</summary>
public enum LimitEnd
{
    /// <summary>More users brought no more answers.</summary>
    NoMoreThroughput,
    LatencyBroken,
    Failures,
    /// <summary>The generator could not offer more.</summary>
    Generator,
    MostUsers,
    Interrupted,
}

/// <summary>Decides which step comes next. First more and more users, √2 as many each time, until that brings nothing;
/// then rates, halving what is unknown, for the highest at which the latency objective holds. The first part is closed,
/// since there the number in flight is known and a server past its limit settles; the second is open, as callers are
/// who do not know of each other.</summary>
public sealed class LimitSearch(LimitOptions options)
{
    /// <summary>Less than this is noise.</summary>
    private const double Growth = 1.03;

    /// <summary>So many steps have to bring nothing: 2.8 times the users.</summary>
    private const int FlatSteps = 3;

    /// <summary>The rate is then known to a thirtieth of the limit.</summary>
    private const int RateSteps = 6;

    private readonly List<LimitStep> _closed = [];
    private readonly List<LimitStep> _open = [];
    private double _low, _high;
    private bool _over, _again;

    public IReadOnlyList<LimitStep> Closed => _closed;
    public IReadOnlyList<LimitStep> Open => _open;

    /// <summary>Why there are no more steps with users; null while there are.</summary>
    public LimitEnd? End { get; private set; }

    /// <summary>What the generator did not do; null when it did its part.</summary>
    public string? Fault { get; private set; }

    /// <summary>The highest rate that was tried and at which the objective held; null: none yet.</summary>
    public double? Kept { get; private set; }

    /// <summary>The greatest throughput of any step with users.</summary>
    public double Greatest => _closed.Count == 0 ? 0 : _closed.Max(step => step.Throughput);

    /// <summary>Somebody ended it, perhaps while rates were tried.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>Null when the search is over.</summary>
    public LimitLoad? Next() =>
        _over ? null
        : End is null ? LimitLoad.Closed(_closed.Count == 0 ? 1 : More(_closed[^1].Load.Users!.Value))
        : _open.Count == 0 ? LimitLoad.Open(Rounded(_high))
        : LimitLoad.Open(Rounded((_low + _high) / 2));

    public void Add(LimitStep step)
    {
        if (step.Interrupted) (End, _over, Interrupted) = (End ?? LimitEnd.Interrupted, true, true);
        else if (step.Load.Users is not null) AddClosed(step);
        else AddOpen(step);
    }

    private void AddClosed(LimitStep step)
    {
        if (step.GeneratorFault is { } fault)
        {
            // A machine may be busy for a moment: the step is tried once more. Then what was shown before stands, and
            // is not enough: where it ends is not the server's limit.
            if (_again) (End, Fault, _over) = (LimitEnd.Generator, fault, true);
            _again = true;
            return;
        }
        _again = false;
        _closed.Add(step);
        End = step.BadShare > LimitOptions.MostBad ? LimitEnd.Failures
            : Flat() ? LimitEnd.NoMoreThroughput
            : _closed.Count > 1 && Slow(_closed[^1]) && Slow(_closed[^2]) ? LimitEnd.LatencyBroken
            : step.Load.Users >= options.MostUsers ? LimitEnd.MostUsers
            : null;
        if (End is null) return;
        var good = _closed.Where(s => s.BadShare <= LimitOptions.MostBad).ToList();
        _high = good.Count == 0 ? 0 : 0.98 * good.Max(s => s.Throughput);
        _over = _high <= 0;
    }

    private void AddOpen(LimitStep step)
    {
        var rate = step.Load.Rate!.Value;
        if (step.GeneratorFault is { } fault && Broken(step))
        {
            if (_again) (Fault, _over) = (fault, true);
            _again = true;
            return;
        }
        _again = false;
        _open.Add(step);
        if (Broken(step)) _high = rate;
        else (_low, Kept) = (rate, Math.Max(rate, Kept ?? 0));
        _over = _open.Count >= RateSteps || _low >= _high || (_open.Count == 1 && !Broken(step));
    }

    private bool Broken(LimitStep step) => Slow(step) || step.BadShare > LimitOptions.MostBad
        // A server that keeps up answers what it is asked.
        || step.Throughput < 0.9 * step.Load.Rate;

    private bool Slow(LimitStep step) => step.Latency.P99 > options.Latency;

    private bool Flat() => _closed.Count > FlatSteps
        && _closed.TakeLast(FlatSteps).Max(s => s.Throughput)
            < Growth * _closed.SkipLast(FlatSteps).Max(s => s.Throughput);

    private int More(int users) =>
        Math.Min(options.MostUsers, Math.Max(users + 1, (int)Math.Round(users * Math.Sqrt(2))));

    /// <summary>To three digits, for people.</summary>
    private static double Rounded(double rate)
    {
        var unit = Math.Pow(10, Math.Floor(Math.Log10(rate)) - 2);
        return Math.Floor(rate / unit) * unit;
    }
}
