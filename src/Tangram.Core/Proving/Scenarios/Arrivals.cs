using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>When each request of an open profile is due. Evenly spaced ones are a function of their index alone: the
/// n-th, from 0, is due when the integral of the rate reaches n. Poisson ones are drawn one after the other: gaps of a
/// process of rate 1 (exponential), stretched by the same integral (time change, Çinlar 1975), so the mean follows
/// any curve.</summary>
public sealed class Arrivals
{
    private readonly RateCurve _curve;
    private readonly ulong? _seed;
    private Rng? _rng;
    private double _drawn;
    private long _next;

    /// <summary>The profile has no <see cref="LoadProfile.Problems"/>.</summary>
    public Arrivals(LoadProfile.Open profile)
    {
        (_curve, _seed) = (profile.Curve, profile.Seed);
        Count = _seed is null ? Math.Max(1, (long)Math.Round(_curve.Area)) : Math.Max(1, Draw());
    }

    /// <summary>How many requests the whole run has.</summary>
    public long Count { get; }

    /// <summary>Since the start of the run. Poisson arrivals are asked for in order, each once.</summary>
    public TimeSpan At(long index)
    {
        if (_seed is not { } seed) return _curve.Reaches(index);
        _rng ??= new Rng(seed);
        for (; _next <= index; _next++) _drawn += Gap(_rng);
        return _curve.Reaches(_drawn);
    }

    private long Draw()
    {
        var (rng, count) = (new Rng(_seed!.Value), 0L);
        for (var at = Gap(rng); at < _curve.Area; at += Gap(rng)) count++;
        return count;
    }

    private static double Gap(Rng rng) => -Math.Log(1 - rng.NextDouble());
}
