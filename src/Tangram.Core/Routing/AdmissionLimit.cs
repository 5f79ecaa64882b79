using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What happened since the last look.</summary>
/// <param name="Answers">Whose time is known.</param>
/// <param name="Seconds">Their mean time to the head of the answer.</param>
/// <param name="Overloaded">Attempts that timed out, were answered 503 or 504, or whose clients left late.</param>
/// <param name="Peak">The most that were in flight at once.</param>
/// <param name="InFlight">Now.</param>
/// <param name="Held">Requests that had to wait or were refused.</param>
public readonly record struct AdmissionSample(
    int Answers, double Seconds, int Overloaded, int Peak, int InFlight, int Held);

/// <summary>How many requests of a service are worth having at its backends at once, found by the gradient of its
/// latency: as long as answers take as long as without a crowd, more may come; when they take longer, the crowd waits
/// in the service and not for work, and fewer may come. The idea is that of TCP Vegas (Brakmo and Peterson 1994) and of
/// the concurrency limits that Netflix described in 2018.</summary>
/// <remarks><para>limit' = limit × gradient + √limit, where gradient = 1.5 × (latency without a crowd) / latency, from
/// 0.5 to 1. With <c>c</c> places of work and a queue behind them this settles a little above 1.5 <c>c</c>: all places
/// are busy, and one waits half a turn for one.</para>
/// <para>What the latency is without a crowd cannot be seen under a load that does not end, and a mean over a long time
/// would take the crowd for normal. So when the limit has held requests back for half a minute, or has shrunk to half
/// since its last confirmation, it is put to a quarter for two looks (below its least, too), and the latency of that is
/// believed. It costs about one request in a hundred, of those that come while the service is overloaded.</para>
/// <para>One caller at a time.</para></remarks>
public sealed class AdmissionLimit
{
    /// <summary>Of the initial limit, for each backend: what any server can bear for a second.</summary>
    private const int StartPerBackend = 20;

    /// <summary>A mean of fewer says little; they are kept for the next look.</summary>
    private const int LeastAnswers = 10;

    /// <summary>Answers vary by themselves: up to here it is no crowd.</summary>
    private const double Tolerance = 1.5;

    /// <summary>Up to here there is none in sight, and the limit follows a growing demand in large steps.</summary>
    private const double Calm = 1.25;
    private const double LargeStep = 1.5;
    private const double LeastGradient = 0.5;

    /// <summary>Half of the way at each look, so that one odd look is no earthquake.</summary>
    private const double Smoothing = 0.5;

    /// <summary>At this share of time-outs, 503 and 504 the service says itself that it is too much.</summary>
    private const double OverloadedShare = 0.1;
    private const double OverloadedGradient = 0.8;

    /// <summary>How fast a latency that rises without a crowd becomes the usual one, at each look.</summary>
    private const double Following = 0.02;
    private const int LookShare = 4;
    private static readonly TimeSpan ConfirmEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConfirmSoonest = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(10);

    private readonly AdmissionSpec _spec;
    private double _limit;
    private double _base;
    private int _backends;
    private Instant? _confirmedAt;
    private double _confirmedLimit;
    private double _kept;
    private Instant _lookedSince;
    private bool _settled;

    public AdmissionLimit(AdmissionSpec spec, int backends)
    {
        (_spec, _backends) = (spec, Math.Max(1, backends));
        _limit = spec.Limit ?? Math.Clamp(StartPerBackend * _backends, spec.Min, spec.Max);
    }

    public int Value => (int)Math.Round(IsLooking ? Math.Max(1, _limit / LookShare) : _limit);

    /// <summary>Seconds to an answer's head without a crowd, as far as it is known; else 0.</summary>
    public double UsualSeconds => _base;

    /// <summary>It finds out how long answers take without a crowd.</summary>
    public bool IsLooking => _kept > 0;

    /// <summary>True when the sample was used; else let it grow until the next look.</summary>
    public bool Look(in AdmissionSample sample, int backends, Instant now)
    {
        if (_spec.Limit is not null) return true;
        Scale(backends);
        if (IsLooking) return LookOn(in sample, now);
        var overloaded = sample.Overloaded > OverloadedShare * (sample.Answers + sample.Overloaded);
        if (sample.Answers + sample.Overloaded < LeastAnswers) return false;
        if (sample.Answers > 0 && !overloaded) Learn(in sample, now);
        // A limit that nobody comes near has nothing to learn.
        if (sample.Peak * 2 >= _limit) Move(in sample, overloaded);
        if (sample.Held > 0 && IsDue(now)) (_kept, _lookedSince, _settled) = (_limit, now, false);
        return true;
    }

    /// <summary>A backend more is room for as many more as each has.</summary>
    private void Scale(int backends)
    {
        if (backends <= 0 || backends == _backends) return;
        _limit = Math.Clamp(_limit * backends / _backends, _spec.Min, _spec.Max);
        _backends = backends;
    }

    private void Learn(in AdmissionSample sample, Instant now)
    {
        var uncrowded = sample.Peak * 2 < _limit;
        if (_base == 0 || sample.Seconds < _base) _base = sample.Seconds;
        else if (uncrowded) _base += Following * (sample.Seconds - _base);
        if (uncrowded) Confirm(now);
    }

    private void Move(in AdmissionSample sample, bool overloaded)
    {
        var ratio = sample.Answers > 0 && _base > 0 ? sample.Seconds / _base : 1;
        var gradient = Math.Clamp(Tolerance / ratio, LeastGradient, 1);
        if (overloaded) gradient = Math.Min(gradient, OverloadedGradient);
        var wanted = !overloaded && ratio < Calm
            ? Math.Max(_limit * LargeStep, _limit + Math.Sqrt(_limit))
            : _limit * gradient + (overloaded ? 0 : Math.Sqrt(_limit));
        _limit = Math.Clamp(_limit + Smoothing * (wanted - _limit), _spec.Min, _spec.Max);
    }

    private bool IsDue(Instant now)
    {
        if (_confirmedAt is not { } at) return true;
        var age = now - at;
        return age >= ConfirmEvery || (age >= ConfirmSoonest && _limit < _confirmedLimit / 2);
    }

    /// <summary>First those are waited for that came before; then one look counts.</summary>
    private bool LookOn(in AdmissionSample sample, Instant now)
    {
        var took = now - _lookedSince;
        if (!_settled)
        {
            _settled = sample.InFlight <= Value;
            if (took < LongestLook) return true;
        }
        if (sample.Answers < LeastAnswers && took < LongestLook) return false;
        if (sample.Answers >= LeastAnswers) _base = sample.Seconds;
        _kept = 0;
        Confirm(now);
        return true;
    }

    private void Confirm(Instant now) => (_confirmedAt, _confirmedLimit) = (now, _limit);
}
