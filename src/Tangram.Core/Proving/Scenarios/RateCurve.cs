using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>A straight piece of a curve: from one height to another in so much time.</summary>
public sealed record Stage(double From, double To, TimeSpan Lasts);

/// <summary>How high a load is over time, made of straight pieces: so many requests a second, or so many users. Sudden
/// changes are two pieces that do not meet.</summary>
public sealed class RateCurve
{
    private readonly Stage[] _stages;

    /// <summary>Where each piece begins, and the area below all pieces before it.</summary>
    private readonly double[] _begins, _before;

    public RateCurve(IEnumerable<Stage> stages)
    {
        _stages = [.. stages];
        (_begins, _before) = (new double[_stages.Length + 1], new double[_stages.Length + 1]);
        for (var i = 0; i < _stages.Length; i++)
        {
            var (from, to, seconds) = (_stages[i].From, _stages[i].To, _stages[i].Lasts.TotalSeconds);
            _begins[i + 1] = _begins[i] + seconds;
            _before[i + 1] = _before[i] + (from + to) / 2 * seconds;
        }
    }

    public TimeSpan Lasts => TimeSpan.FromSeconds(_begins[^1]);
    public double Highest => _stages.Length == 0 ? 0 : _stages.Max(s => Math.Max(s.From, s.To));

    /// <summary>The integral over all of it: of a rate, how many requests it makes.</summary>
    public double Area => _before[^1];

    public double At(TimeSpan time)
    {
        var seconds = time.TotalSeconds;
        if (seconds < 0 || seconds >= _begins[^1]) return 0;
        var i = Piece(_begins, seconds);
        var share = (seconds - _begins[i]) / _stages[i].Lasts.TotalSeconds;
        return _stages[i].From + share * (_stages[i].To - _stages[i].From);
    }

    /// <summary>When the integral from 0 reaches <paramref name="area"/>. On a piece from r with slope k the area after
    /// t is r t + k t² / 2, so t = 2 n / (r + √(r² + 2 k n)): this form of the quadratic's solution loses no digits
    /// when k is small, and is n / r when it is 0.</summary>
    public TimeSpan Reaches(double area)
    {
        if (area >= Area) return Lasts;
        var i = Piece(_before, area);
        var (from, to, seconds) = (_stages[i].From, _stages[i].To, _stages[i].Lasts.TotalSeconds);
        var (left, slope) = (area - _before[i], (to - from) / seconds);
        var root = Math.Sqrt(Math.Max(0, from * from + 2 * slope * left));
        var within = left <= 0 ? 0 : 2 * left / (from + root);
        return TimeSpan.FromSeconds(_begins[i] + Math.Min(within, seconds));
    }

    /// <summary>From when to when the curve is above a height, first to last: the life of the user who comes
    /// when so many are there already.</summary>
    public EquatableArray<Window> Above(double height)
    {
        var spans = new List<Window>();
        TimeSpan? since = null;
        for (var i = 0; i < _stages.Length; i++)
        {
            var (from, to) = (_stages[i].From, _stages[i].To);
            var begins = TimeSpan.FromSeconds(_begins[i]);
            if (from > height) since ??= begins;
            else End(begins);
            if (from > height == to > height) continue;
            var crosses = begins + _stages[i].Lasts * ((height - from) / (to - from));
            if (to > height) since = crosses;
            else End(crosses);
        }
        End(Lasts);
        return spans.ToEquatableArray();

        void End(TimeSpan at)
        {
            if (since is { } begun && at > begun) spans.Add(new Window(begun, at));
            since = null;
        }
    }

    /// <summary>The piece that holds a position, of those that have any extent there.</summary>
    private static int Piece(double[] bounds, double at)
    {
        var found = Array.BinarySearch(bounds, at);
        var i = found >= 0 ? found : ~found - 1;
        while (i + 2 < bounds.Length && bounds[i + 1] <= at) i++;
        return Math.Clamp(i, 0, bounds.Length - 2);
    }
}

/// <summary>Times since the start of the run.</summary>
public readonly record struct Window(TimeSpan Begins, TimeSpan Ends);
